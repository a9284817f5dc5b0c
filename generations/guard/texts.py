"""What is written in a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def spec_texts(spec: Mapping[str, Any]) -> list[str]:
    """Returns the texts of a job's specification (`generations.contracts.JobSpecBody`) as the upstream gets them.

    The system instruction first, then those of the steps in their order, thoughts that were sent back included.
    """
    system = spec.get("system_instruction")
    blocks = [block for step in spec.get("steps", ()) for block in (*step.get("content", ()), *step.get("summary", ()))]
    return [*([system] if system else []), *(block["text"] for block in blocks if block.get("type") == "text")]
