"""Files that requests came with, for who is signed in: the API gives them to keys alone."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.roles.permissions import Permission
from cavendish.above.console.pages import console_page
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.public_ids import find_or_404
from cavendish.db import ids
from generations.selectors import file_find
from generations.show.stored_bytes import bytes_response


@console_page(Permission.READ, section="gallery")
def gallery_file(request: HttpRequest, work: Workplace, file_id: str) -> HttpResponseBase:
    """The bytes of a file, as they were uploaded."""
    with work.reading():
        file = find_or_404(ids.FILE, file_id, lambda value: file_find(value, livemode=work.livemode))
    return bytes_response(
        file.storage_key, mime_type=file.mime_type, size=file.bytes, sha256=file.sha256, name=file_id
    )  # fmt: skip
