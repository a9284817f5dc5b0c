"""The problems of idempotency keys."""

from __future__ import annotations

from cavendish.http.problems import Refusal

RETRY_SECONDS = 1


class KeyInvalid(Refusal):
    """The header's value is none that could be kept."""

    status_code, code_name = 400, "idempotency_key_invalid"

    def __init__(self, longest: int) -> None:
        super().__init__(f"Idempotency-Key takes 1 to {longest} characters without control characters.")


class KeyReused(Refusal):
    """The key came with another request, to another address or with another body."""

    status_code, code_name = 422, "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "This Idempotency-Key came with another request before: send the same bytes to the same address, or take"
            " another key."
        )


class KeyInProgress(Refusal):
    """The first request with this key runs, or another one has taken over from it. Another try finds its answer."""

    status_code, code_name = 409, "idempotency_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is still running. Try again for its answer.", retry_after=RETRY_SECONDS
        )
