"""What a worker says of itself with its heartbeat, for the operator's eyes: stored as it is."""

from __future__ import annotations

from typing import TypedDict

from cavendish.gemini.client import KeyReport


class WorkerState(TypedDict):
    """How much it can run at once, and how the upstream's keys are doing; none where jobs run on the sandbox alone.

    `fault` says what is wrong with its machine, for which it claims nothing; empty when all is well. `stopping`: it
    claims nothing any more and ends when its jobs have.
    """

    slots: int
    keys: list[KeyReport]
    fault: str
    stopping: bool
