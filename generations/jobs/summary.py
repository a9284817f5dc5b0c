"""A step of a job in one line of plain text, for a terminal."""

from __future__ import annotations

from billing.money import amount_text
from generations.jobs.steps import (
    Accepted,
    Audited,
    Booked,
    Called,
    Charged,
    Claimed,
    Ended,
    GivenBack,
    Held,
    Step,
    Stored,
    WebhookAttempted,
)


def step_line(step: Step) -> str:
    """Returns what happened, without content."""
    match step.facts:
        case Accepted() as facts:
            return f"accepted by key {facts.key_prefix} {facts.key_name}".rstrip()
        case Held() as facts:
            return f"held {amount_text(facts.amount)} {facts.currency} on the wallet and {len(facts.budgets)} budgets"
        case Claimed() as facts:
            return f"claimed by {facts.worker or 'a worker'}, claim {facts.attempt}, after {facts.waited:.3f} s"
        case Called() as facts:
            answer = facts.status or "no answer"
            detail = " ".join(filter(None, [facts.code, f'"{facts.message}"' if facts.message else ""]))
            cooling = f", key cools {facts.cooling_seconds:.1f} s" if facts.cooling_seconds else ""
            return (
                f"call {facts.number} ({facts.kind}): {answer} after {facts.seconds:.3f} s {detail}".rstrip()
                + f", {facts.bytes} bytes, {facts.pictures} pictures, key {facts.upstream_key}{cooling}"
            )
        case GivenBack() as facts:
            return f"back in the queue: {facts.reason}"
        case Stored() as facts:
            sizes = ", ".join(f"{one.width}x{one.height} {one.mime_type}" for one in facts.outputs)
            return f"stored {sizes}"
        case Ended() as facts:
            return " ".join(filter(None, [facts.status, facts.code or facts.reason]))
        case Charged() as facts:
            return f"charged {amount_text(facts.amount)} {facts.currency}, {amount_text(facts.went_back)} went back"
        case Booked() as facts:
            return f"{facts.kind} {amount_text(facts.amount)} {facts.currency} by {facts.actor}"
        case WebhookAttempted() as facts:
            return f"webhook {facts.event_type}: {facts.status or facts.error} in {facts.milliseconds} ms"
        case Audited() as facts:
            return f"{facts.action} by {facts.actor_kind} {facts.actor_label}"
    return step.kind.replace("_", " ")
