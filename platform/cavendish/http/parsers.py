"""The parser of small JSON bodies. It is apart from `problems`, because importing DRF loads settings that name it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

from cavendish.gemini.reader import BYTE_ORDER_MARK, is_wide

MAX_BYTES = 256 * 1024


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "too_large"


class NotUtf8(APIException):
    status_code = 400
    default_code = "malformed_json"
    default_detail = "The body is UTF-16 or UTF-32; send UTF-8."


class SmallJSONParser(JSONParser):
    """Parses JSON of at most MAX_BYTES, whatever its Content-Length says. Deep nesting is an error of the client.

    A byte order mark before UTF-8 is passed over; UTF-16 is told apart from what is no JSON at all.
    """

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BodyTooLarge(f"The body may have at most {MAX_BYTES} bytes here.")
        if is_wide(data):
            raise NotUtf8
        try:
            return super().parse(io.BytesIO(data.removeprefix(BYTE_ORDER_MARK)), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply") from None
