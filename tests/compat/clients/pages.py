"""The pages of clients (`docs/clients/`) as what is run of them: fenced blocks, one after the other as one program."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.api.accounts import Account
from tests.compat.guide import pictures_in
from tests.compat.node import cached, installed, unable

PAGES = Path(__file__).parents[3] / "docs" / "clients"
JS = Path(__file__).parent / "js"
PYTHON = Path(__file__).parent / "python" / "requirements.txt"
"""The lock of what the Python pages install: `uv pip compile --universal --generate-hashes requirements.in`."""


def blocks(page: str, language: str) -> list[str]:
    text = (PAGES / f"{page}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def installs(page: str) -> list[str]:
    return [block for block in blocks(page, "sh") if block.startswith(("pip install ", "npm install "))]


def program(page: str, language: str) -> str:
    """All blocks of a language but those that install."""
    code = [block for block in blocks(page, language) if block not in installs(page)]
    assert code, page
    return "\n".join(code)


def site_packages() -> Path:
    """A folder with the Python clients and all that they need, installed once per lock."""
    target = cached(f"clients-{hashlib.sha256(PYTHON.read_bytes()).hexdigest()[:12]}")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            fresh = Path(folder) / "site"
            command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
            command += ["--target", str(fresh), "-r", str(PYTHON)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode != 0:
                unable(f"The Python clients could not be installed: {done.stderr[-1000:]}")
            if not target.exists():
                fresh.rename(target)
    return target


def run_python(page: str, folder: Path, account: Account) -> str:
    return _run(page, "python", [sys.executable, "page.py"], folder, account, {"PYTHONPATH": str(site_packages())})


def run_javascript(page: str, folder: Path, account: Account) -> str:
    (folder / "node_modules").symlink_to(installed(JS))
    return _run(page, "js", ["node", "page.mjs"], folder, account, {})


def run_shell(page: str, folder: Path, account: Account) -> str:
    return _run(page, "sh", ["bash", "-euo", "pipefail", "page.sh"], folder, account, {})


def _run(page: str, language: str, command: list[str], folder: Path, account: Account, extra: Mapping[str, str]) -> str:
    """What the page's program prints. It is run as a reader would, in a folder of its own."""
    (folder / command[-1]).write_text(program(page, language))
    environment = {
        **os.environ,
        "BASE": str(account.http.base_url).rstrip("/"),
        "KEY": account.secret,
        "PYTHONWARNINGS": "ignore",
        # Its price list comes from the internet otherwise, after three tries of some seconds.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        # What is imported is compiled once, also where this machine's own settings forbid it.
        "PYTHONDONTWRITEBYTECODE": "",
        **extra,
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def pictures(folder: Path) -> dict[str, tuple[int, int]]:
    """The pictures that a program has written, with their pixels."""
    return {name: found[0] for name, found in pictures_in(folder).items()}
