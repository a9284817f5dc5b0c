"""The folder `platform/` must stay a folder: as a package it would hide Python's own module of that name.

These tests look from outside, since inside pytest the standard library's module is imported long before.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from tests.conftest import SLOW

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = ROOT / "platform"


def test_no_python_file_lies_directly_in_the_platform_folder() -> None:
    assert [path.name for path in PLATFORM.glob("*.py")] == []


def test_the_standard_library_wins_in_the_root() -> None:
    code = "import platform, uuid; platform.python_version(); print(platform.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not Path(found.stdout.strip()).is_relative_to(ROOT)


def test_manage_py_starts_from_the_root_and_from_elsewhere(tmp_path: Path) -> None:
    for folder in (ROOT, tmp_path):
        command = [sys.executable, str(ROOT / "manage.py"), "version"]
        found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert found.stdout.startswith("5.2.")


def test_no_folder_in_platform_hides_a_module_of_the_standard_library() -> None:
    names = {path.name for path in PLATFORM.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert names & sys.stdlib_module_names == set()
    assert names == {"cavendish"}


def test_the_wheel_ships_every_package() -> None:
    """An editable install would hide a forgotten one."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    tracked = subprocess.run(
        ["git", "ls-files", "*/__init__.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode == 0 and tracked.stdout:
        files = [Path(line) for line in tracked.stdout.splitlines()]
    else:  # an unpacked archive
        files = [path.relative_to(ROOT) for path in ROOT.glob("*/__init__.py")]
        files += [path.relative_to(ROOT) for path in PLATFORM.glob("*/__init__.py")]
    packages = {path.parent.as_posix() for path in files if len(path.parts) == 2}
    packages |= {path.parent.as_posix() for path in files if len(path.parts) == 3 and path.parts[0] == "platform"}
    assert packages - {"tests"} == set(build["targets"]["wheel"]["packages"])
    assert build["dev-mode-dirs"] == [".", "platform"]


def test_every_folder_with_code_is_a_package() -> None:
    """Without `__init__.py` mypy and the wheel would each see something else."""
    folders = {
        path.parent
        for top in ("accounts", "billing", "generations", "platform/cavendish", "tests")
        for path in (ROOT / top).rglob("*.py")
    }
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_what_is_called_slow_is_there() -> None:
    assert [place for place in sorted(SLOW) if not list((ROOT / "tests").glob(f"{place}*"))] == []


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    long = {}
    for top in ("accounts", "billing", "generations", "platform"):
        for path in (ROOT / top).rglob("*.py"):
            lines = len(path.read_text().splitlines())
            if lines > 400 and path.parent.name != "migrations":  # Django writes those
                long[str(path.relative_to(ROOT))] = lines
    assert long == {}
