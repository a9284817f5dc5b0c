"""Why answers of the upstream end, by the codes and words that it has for it."""

from __future__ import annotations

from typing import Any

import pytest

from generations.errors import EndReason
from generations.work.ends import end_reason

LIMIT, SAFETY = EndReason.MAX_OUTPUT_TOKENS, EndReason.SAFETY


@pytest.mark.parametrize(
    ("status", "errors", "reason"),
    [
        ("completed", [], None),
        ("failed", [{"code": "internal", "message": "An internal error has occurred."}], None),
        ("failed", [{"code": "invalid_request", "message": "safety_settings[0] is not valid."}], None),
        ("failed", [{"code": "invalid_request", "message": "language_code is not valid."}], None),
        ("failed", [{}], None),
        ("incomplete", [], LIMIT),
        ("incomplete", [{"code": "internal", "message": "?"}], LIMIT),
        ("incomplete", [{"code": "RECITATION", "message": "?"}], EndReason.RECITATION),
        ("failed", [{"code": "max_tokens"}], LIMIT),
        ("failed", [{"code": "IMAGE_SAFETY"}], SAFETY),
        ("failed", [{"code": "FINISH_REASON_SPII"}], EndReason.SENSITIVE_DATA),
        ("failed", [{"code": "image_prohibited_content"}], EndReason.PROHIBITED_CONTENT),
        ("failed", [{"code": "language", "message": "?"}], EndReason.LANGUAGE),
        ("failed", [{"code": 3, "message": "The response was blocked by the BLOCKLIST."}], EndReason.BLOCKLIST),
        ("failed", [{"code": 3, "message": "Blocked."}], SAFETY),
        ("completed", [{"message": "?"}, {"message": "It violates the safety policies."}], SAFETY),
    ],
)
def test_the_first_error_that_names_a_reason_counts(
    status: str, errors: list[dict[str, Any]], reason: EndReason | None
) -> None:
    assert end_reason(status, errors) is reason
