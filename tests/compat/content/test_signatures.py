from __future__ import annotations

import base64

import pytest

from generations.compat.shared.signatures import Step, signature_pack, signature_unpack

PLAIN = base64.b64encode(bytes(range(240, 256)) * 3).decode()
assert "+" in PLAIN
assert "/" in PLAIN
CALL = {
    "type": "google_search_call",
    "id": "gs_1",
    "arguments": {"queries": ["Köln"]},
    "search_type": "web_search",
    "signature": "c2Vh",
}
SURROGATE = b'[{"type": "thought", "signature": "\\ud800"}]'
RESULT = {"type": "google_search_result", "call_id": "gs_1", "result": [{"search_suggestions": "<p>"}]}


def thought(signature: str) -> Step:
    return {"type": "thought", "signature": signature}


def by_sdk(text: str) -> str:
    """What the Python SDK makes of it: bytes, and then the URL-safe alphabet."""
    return base64.urlsafe_b64encode(base64.b64decode(text)).decode()


def test_one_signature_in_base64_is_shown_as_it_is() -> None:
    assert signature_pack([thought(PLAIN)]) == PLAIN
    assert signature_pack([{**thought(PLAIN), "summary": [{"type": "text", "text": "hm"}]}]) == PLAIN
    for sent in (PLAIN, by_sdk(PLAIN), by_sdk(PLAIN).rstrip("=")):
        assert signature_unpack(sent) == [thought(PLAIN)]


@pytest.mark.parametrize(
    "steps",
    [
        [thought(PLAIN), thought("b3RoZXI=")],
        [thought(PLAIN), CALL, RESULT],
        [CALL, RESULT],
        [thought("no base64: ✓")],
        [thought(by_sdk(PLAIN))],
        [thought(PLAIN.rstrip("=") + "A")],
    ],
)
def test_anything_else_comes_back_step_by_step(steps: list[Step]) -> None:
    packed = signature_pack(steps)
    assert signature_unpack(packed) == signature_unpack(by_sdk(packed)) == steps


def test_without_a_signature_there_is_nothing_to_carry() -> None:
    assert signature_pack([]) == signature_pack([{"type": "thought", "summary": []}]) == ""


def test_what_only_looks_packed_is_a_signature_from_elsewhere() -> None:
    for inner in (
        b"[",
        b"{}",
        b'[{"type": "user_input"}]',
        b'["x"]',
        b'[{"type": ["thought"]}]',
        b"[" * 5000,
        SURROGATE,
    ):
        sent = base64.b64encode(b"cavendish steps " + inner).decode()
        assert signature_unpack(sent) == [thought(sent)]
    assert signature_unpack("no base64!") == [thought("no base64!")]
