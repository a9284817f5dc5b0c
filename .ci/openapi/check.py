"""The OpenAPI documents through redocly and spectral: not even a warning is let through.

Both are programs for Node; where there is no npm this says so and ends with 0.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NODE_NO_WARNINGS": "1"}


def main() -> int:
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("There is no npm here: redocly and spectral are left out.")
        return 0
    tools = installed() / "node_modules" / ".bin"
    with tempfile.TemporaryDirectory() as folder:
        documents = [str(path) for path in written(Path(folder))]
        redocly = [tools / "redocly", "lint", "--config", HERE / "redocly.yaml", *documents]
        spectral = [
            tools / "spectral",
            "lint",
            "--ruleset",
            HERE / "spectral.yaml",
            "--fail-severity",
            "hint",
            *documents,
        ]
        # Side by side: both start slowly.
        running = [subprocess.Popen(command, env={**os.environ, **QUIET}) for command in (redocly, spectral)]
        return max(process.wait() for process in running)


def written(folder: Path) -> list[Path]:
    """Writes the documents of a platform that nobody runs; returns their files."""
    os.environ |= {"CAVENDISH_DATA_DIR": str(folder), "BASE_URL": "http://127.0.0.1:8000"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cavendish.settings")
    sys.path.insert(0, str(HERE.parent.parent))
    import django

    django.setup()
    from cavendish.urls import DOCUMENTS

    files = []
    for name, build in DOCUMENTS.items():
        files.append(folder / name)
        files[-1].write_text(json.dumps(build()))
    return files


def installed() -> Path:
    """The folder with the linters, which is filled once for each lock."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cavendish-tests"
    target = cache / f"openapi-{digest}"
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            fresh = Path(folder) / "fresh"
            fresh.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, fresh)
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=fresh, check=True)
            fresh.rename(target)
    return target


if __name__ == "__main__":
    sys.exit(main())
