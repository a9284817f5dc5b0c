"""The parser of small JSON bodies. It is apart from `problems`, because importing DRF loads settings that name it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BYTES = 256 * 1024


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "too_large"


class SmallJSONParser(JSONParser):
    """Parses JSON of at most MAX_BYTES, whatever its Content-Length says. Deep nesting is an error of the client."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BodyTooLarge(f"The body may have at most {MAX_BYTES} bytes here.")
        try:
            return super().parse(io.BytesIO(data), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply") from None
