from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings


@contextmanager
def request_spool() -> Iterator[Path]:
    """A folder for what arrives with one request, beside the store so that keeping is a rename; removed after."""
    parent = Path(settings.SPOOL_DIR) / "requests"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
