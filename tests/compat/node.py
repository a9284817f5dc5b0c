"""JavaScript libraries on the machine's Node. Where there is none, tests are skipped; in CI (`CI=true`) they fail.

`js/` pins the newest version that Node 20 takes, `oldest/` the oldest that has `output_image`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.api.accounts import Account

PACKAGE = Path(__file__).parent / "js"
OLDEST = Path(__file__).parent / "oldest"


def unable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def cached(name: str) -> Path:
    """A folder below the user's cache for what tests install once."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cavendish-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def installed(package: Path) -> Path:
    """The `node_modules` of a folder with a lock, installed once per version."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        unable("There is no Node on this machine.")
    digest = hashlib.sha256((package / "package-lock.json").read_bytes()).hexdigest()[:12]
    target = cached(f"{package.name}-{digest}")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fresh = Path(folder) / "package"
            shutil.copytree(package, fresh)
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode != 0:
                unable(f"npm could not install the packages of {package.name}: {done.stderr[-1000:]}")
            if not target.exists():
                fresh.rename(target)
    return target / "node_modules"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    return installed(PACKAGE)


def run_node(script: Path, modules: Path, account: Account) -> str:
    """What a module prints that finds the SDK beside it, our address and a key in its environment."""
    (script.parent / "node_modules").symlink_to(modules)
    environment = {
        **os.environ,
        "GOOGLE_GEMINI_BASE_URL": str(account.http.base_url).rstrip("/"),
        "GEMINI_API_KEY": account.secret,
    }
    command = ["node", script.name]
    done = subprocess.run(
        command, cwd=script.parent, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
