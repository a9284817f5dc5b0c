"""Files that are made for a request and may be long."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.http import FileResponse

from cavendish.http.csv_files import Write


def file_response(name: str, content_type: str, fill: Callable[[Write], object], *, alias: str) -> FileResponse:
    """Returns what `fill` writes as a download; it reads through the connection `alias`.

    It goes through a file without a name: a slow client then holds neither a connection nor a snapshot, and an error
    of the query is an answer instead of a broken download.
    """
    folder = Path(settings.SPOOL_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  the response closes it
    try:
        fill(file.write)
    except BaseException:
        file.close()
        raise
    # Back into the pool now, and not when the last byte was sent.
    connections[alias].close()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=content_type)


CSV = "text/csv; charset=utf-8"
