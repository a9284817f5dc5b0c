"""Pictures beyond `max_images`: given out only where the hold covers them at full price (decision 0018)."""

from __future__ import annotations

from typing import Any

from billing.prices.pricing import Undelivered, images_within
from generations.models import Output
from generations.work.answer import Answer
from generations.work.job import Job


def surplus_withhold(job: Job, answer: Answer) -> None:
    """Takes the pictures out of the answer that are not given out, everywhere they stand, and notes how many.

    They are never stored, and lie in the job's spool until that is removed.
    """
    outputs = answer.outputs
    shares = shares_of(answer.usage.image_output, len(outputs))
    count = images_within(
        answer.usage,
        prices=job.prices,
        ceiling=job.hold_amount,
        shares=shares,
        most=job.max_images,
        covered=job.covered,
    )
    if count == len(outputs):
        return
    withheld = {str(kept.id) for kept in outputs[count:]}
    answer.undelivered = Undelivered(len(outputs) - count, sum(shares[count:]))
    answer.pictures = [
        kept for kept in answer.pictures if kept.part != Output.Part.OUTPUT or str(kept.id) not in withheld
    ]
    answer.content = _without(answer.content, withheld)
    answer.thoughts = _without(answer.thoughts, withheld)
    for step in answer.steps:
        for name in ("content", "summary"):
            if isinstance(step.get(name), list):
                step[name] = _without(step[name], withheld)


def shares_of(total: int, count: int) -> list[int]:
    """Returns the shares of `count` pictures in `total`: the remainder is the last one's, so they sum to `total`."""
    if not count:
        return []
    share = total // count
    return [share] * (count - 1) + [total - share * (count - 1)]


def _without(blocks: list[dict[str, Any]], withheld: set[str]) -> list[dict[str, Any]]:
    return [block for block in blocks if block.get("output_id") not in withheld]
