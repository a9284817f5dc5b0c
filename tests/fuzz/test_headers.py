"""The header readers on files that nobody thought of: they give a size, or refuse, in bounded time and memory."""

from __future__ import annotations

import importlib.util
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.build import CORPUS, broken, good, hostile
from tests.fuzz.target import Outcome, outcome

SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))
SIZES: dict[str, Outcome] = {
    "turned.png": (48, 64),
    "turned.jpg": (48, 64),
    "turned.tif": (48, 64),
    "extensions.gif": (82, 62),
    "rows-from-the-top.bmp": (1, 3),
    "os2.bmp": (1, 3),
    "plain.heic": (4032, 3024),
    "cut-and-turned.heic": (36, 48),
    "grid.heic": (3024, 4032),
    "libheif-1.23.0-segfault.heic": (301, 401),
}


def test_the_corpus_is_what_its_script_makes() -> None:
    committed = {path.name: path.read_bytes() for path in CORPUS.glob("*.*")}

    assert committed == good() | broken() | hostile()


@pytest.mark.parametrize("path", sorted(CORPUS.glob("**/*.*")), ids=lambda path: path.name)
def test_files_of_the_corpus(path: Path) -> None:
    result = outcome(path.read_bytes())

    if path.parent.name == "real":
        named = re.findall(r"(\d+)x(\d+)", path.name)
        assert [result] == [(int(width), int(height)) for width, height in named]
    elif path.name.startswith("broken"):
        assert result == "NotReadable"
    elif path.suffix in {".mp4", ".mov", ".3gp", ".avi", ".webm", ".flv"} and not path.name.startswith("hostile"):
        assert result is None
    elif not path.name.startswith("hostile"):
        assert result == SIZES.get(path.name, (64, 48))
    else:
        assert result not in {"unknown", "not taken"}


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this Python or machine"
)
def test_nothing_else_happens_whatever_is_changed(tmp_path: Path) -> None:
    """Coverage-guided mutations of the corpus for FUZZ_SECONDS; a finding is printed with the input that makes it."""
    new, findings = tmp_path / "new", tmp_path / "findings"
    new.mkdir()
    findings.mkdir()
    # A new process begins with the peak of the one that starts it.
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "linux" else 1024**2)
    options = [f"-max_total_time={SECONDS}", "-max_len=8192", "-timeout=5", f"-rss_limit_mb={megabytes + 200}"]
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz",
            *options,
            "-print_final_stats=1",
            f"-artifact_prefix={findings}/",
            new,
            CORPUS,
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS + 120,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert list(findings.iterdir()) == []
    executed = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    assert executed is not None, run.stderr[-2000:]
    assert int(executed[1]) > 1000  # else nothing was tried
    assert any(new.iterdir())  # coverage guided: inputs that reached new code were kept
