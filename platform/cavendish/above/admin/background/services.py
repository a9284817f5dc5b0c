"""What operators do about background work."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.audit.services import audit_add
from cavendish.db.router import current_alias
from cavendish.http.problems import not_found, unavailable
from cavendish.messaging.queues import BrokerAway, dead_letter_take_back


def dead_letter_requeue(*, queue: str, letter_id: str, actor: Actor) -> str:
    """Puts a message that failed back into its queue; of two callers one does. Returns the id of the new message.

    Raises Problem 404 where there is no such letter any more, 503 where the broker does not answer.
    """
    try:
        message = dead_letter_take_back(queue, letter_id)
    except BrokerAway:
        raise unavailable("The broker does not answer; try again.") from None
    if message is None:
        raise not_found()
    # Written after the act, which no transaction can take back.
    with transaction.atomic(using=current_alias()):
        audit_add(
            actor=actor,
            action="dead_letter.requeued",
            tenant_id=None,
            target="dead_letter",
            target_id=letter_id[:64],
            after={"queue": queue, "actor": message.actor_name, "message": message.message_id},
        )
    return message.message_id
