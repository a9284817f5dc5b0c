"""What is noted of each try of a call, for whoever wants to tell later how it went."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cavendish.gemini.client._errors import GeminiError


@dataclass
class Try:
    """One try of a call. Times are seconds since 1970, `first_byte` and `cooling` seconds; `ended` is 0 while it runs.

    `status` is None where no answer came, `error` where the try went well or was broken off. `bytes` are those of the
    answer's body as they came. `cooling`: for how long its key is left alone then.
    """

    fingerprint: str
    started: float = field(default_factory=time.time)
    ended: float = 0.0
    first_byte: float | None = None
    status: int | None = None
    bytes: int = 0
    error: GeminiError | None = None
    cooling: float | None = None
    completed: bool = False

    def answered(self, status: int) -> None:
        """Notes that an answer began."""
        self.status, self.first_byte = status, time.time() - self.started

    def end(self) -> None:
        """Notes the end, unless it was noted before."""
        self.ended = self.ended or time.time()


OnTry = Callable[[Try], None]
"""Called when a try has ended, however it did: also where it was canceled."""
