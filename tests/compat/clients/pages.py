"""Pages as what is run of them: their fenced blocks, one after the other as one program."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.api.accounts import Account
from tests.compat.guide import pictures_in
from tests.compat.node import cached, installed, unable

ROOT = Path(__file__).parents[3]
PAGES = ROOT / "docs" / "clients"
PRELUDES = {
    "python": "import os\n\nBASE, KEY = os.environ['BASE'], os.environ['KEY']\n",
    "js": "const { BASE, KEY } = process.env;\n",
}
"""What pages outside of `docs/clients/` take for given."""
JS = Path(__file__).parent / "js"
PYTHON = Path(__file__).parent / "python" / "requirements.txt"
"""The lock of what the Python pages install; `requirements/lock.sh` renews it."""
FILES = {"python": "page.py", "js": "page.mjs", "sh": "page.sh"}
COMMANDS = {"js": ["node"], "sh": ["bash", "-euo", "pipefail"]}


@dataclass(frozen=True)
class Ran:
    account: Account
    """The tenant that it ran for, and nothing else."""
    folder: Path
    printed: str
    error: str

    @property
    def pictures(self) -> dict[str, tuple[int, int]]:
        """The pictures that were written, with their pixels."""
        return {name: found[0] for name, found in pictures_in(self.folder).items()}


def blocks(page: str, language: str) -> list[str]:
    """A page is named as in `docs/clients/`, or by its path in the project."""
    text = (ROOT / page if "." in page else PAGES / f"{page}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def installs(page: str) -> list[str]:
    return [block for block in blocks(page, "sh") if block.startswith(("pip install ", "npm install "))]


def program(page: str, language: str) -> str:
    """All blocks of a language but those that install."""
    code = [block for block in blocks(page, language) if block not in installs(page)]
    assert code, page
    return "\n".join([PRELUDES[language] if "." in page else "", *code])


def run_python(pages: Mapping[str, Account], root: Path) -> dict[str, Ran]:
    """The Python of several pages, each for a tenant of its own."""
    jobs = {page: _prepared(page, "python", account, root) for page, account in pages.items()}
    job_list = [{"file": str(file), "environment": _variables(pages[page])} for page, file in jobs.items()]
    (root / "jobs.json").write_text(json.dumps(job_list))
    environment = {
        **os.environ,
        "PYTHONPATH": str(_site_packages()),
        "PYTHONWARNINGS": "ignore",
        # What is imported is compiled once, also where this machine's own settings forbid it.
        "PYTHONDONTWRITEBYTECODE": "",
        # LiteLLM's price list comes from the internet otherwise, after three tries of some seconds.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    command = [sys.executable, str(Path(__file__).parent / "run_programs.py"), str(root / "jobs.json")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    results = json.loads(done.stdout.rstrip().rpartition("\n")[2])
    return {page: Ran(pages[page], file.parent, **results[str(file)]) for page, file in jobs.items()}


def run_program(page: str, language: str, account: Account, root: Path) -> Ran:
    """The JavaScript or the shell commands of a page."""
    file = _prepared(page, language, account, root)
    if language == "js":
        (file.parent / "node_modules").symlink_to(installed(JS))
    done = subprocess.run(
        [*COMMANDS[language], file.name],
        cwd=file.parent,
        env={**os.environ, **_variables(account)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(account, file.parent, done.stdout, done.stderr if done.returncode else "")


def _prepared(page: str, language: str, account: Account, root: Path) -> Path:
    """The program's file, in a folder of its own."""
    values = _variables(account)
    text = program(page, language)
    text = text.replace("https://images.example.com", values["BASE"]).replace("cvd_live_…", values["KEY"])
    folder = root / f"{page.replace('/', '-')}.{language}"
    folder.mkdir()
    file = folder / FILES[language]
    file.write_text(text)
    return file


def _variables(account: Account) -> dict[str, str]:
    return {"BASE": str(account.http.base_url).rstrip("/"), "KEY": account.secret}


def _site_packages() -> Path:
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
