"""How small bodies are read. Apart from `problems`: importing DRF loads its settings, and these name the parser."""

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
    """JSON of at most MAX_BYTES, however it is announced, and not nested so deeply that reading it fails."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise BodyTooLarge(f"A body here may have {MAX_BYTES} bytes.")
        try:
            return super().parse(io.BytesIO(data), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error: nested too deeply") from None
