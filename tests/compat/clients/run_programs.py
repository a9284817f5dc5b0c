"""Runs Python programs in one process, which imports each library once: `run_programs.py <jobs.json>`.

A job is {"file": a program, "environment": {name: value}}; it runs in its file's folder. Prints
{file: {"printed", "error"}} as JSON in its last line.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any


def run(job: dict[str, Any]) -> dict[str, str]:
    file = Path(job["file"])
    os.environ.update(job["environment"])
    os.chdir(file.parent)
    printed = io.StringIO()
    error = ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(file.read_text(), file.name, "exec"), {"__name__": "__main__"})
        except Exception:
            error = traceback.format_exc()
    return {"printed": printed.getvalue(), "error": error}


if __name__ == "__main__":
    jobs = json.loads(Path(sys.argv[1]).read_text())
    results = {job["file"]: run(job) for job in jobs}
    sys.stdout.write("\n" + json.dumps(results) + "\n")
