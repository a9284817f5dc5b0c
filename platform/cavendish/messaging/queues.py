"""What lies in the broker's queues, for the operator: how much waits, what failed, and one failed message back again.

With Valkey all of it can be read. RabbitMQ tells how many messages there are and nothing of a single one: there its own
management page shows and moves them. Nothing here takes longer than the broker's timeout.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import dq_name, xq_name

logger = logging.getLogger(__name__)

# What a message says of an earlier life: a message that comes back begins anew.
_OPTIONS_OF_A_TRY = ("retries", "traceback", "requeue_timestamp", "eta", "redis_message_id")


class BrokerAway(Exception):
    """The broker did not answer."""


@dataclass(frozen=True)
class QueueState:
    """Messages of a queue by what becomes of them. `working` are with a worker, None where the broker does not say."""

    name: str
    waiting: int
    working: int | None
    delayed: int
    dead: int


@dataclass(frozen=True)
class DeadLetter:
    """A message whose actor failed. Its arguments are ids alone; the error is in the worker's log."""

    id: str
    queue: str
    actor: str
    args: tuple[Any, ...]
    enqueued_at: datetime
    died_at: datetime


def queues_read() -> list[QueueState]:
    """Returns every queue that has an actor, by name. Raises BrokerAway."""
    broker = dramatiq.get_broker()
    try:
        if isinstance(broker, RedisBroker):
            return [_redis_queue(broker, name) for name in sorted(broker.get_declared_queues())]
        return [_rabbit_queue(broker, name) for name in sorted(broker.get_declared_queues())]
    except Exception as error:
        logger.warning("The broker did not say what it holds: %s", type(error).__name__)
        raise BrokerAway from None


def dead_letters_are_readable() -> bool:
    """Returns whether single dead letters can be shown and sent again: with Valkey, not with RabbitMQ."""
    return isinstance(dramatiq.get_broker(), RedisBroker)


def dead_letters(queue: str, *, limit: int = 50, offset: int = 0) -> list[DeadLetter]:
    """Returns dead letters of a queue, the newest first; none where they cannot be read. Raises BrokerAway.

    They are kept for a week.
    """
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return []
    try:
        dead = _key(broker, xq_name(queue))
        scored: Any = broker.client.zrevrange(dead, offset, offset + limit - 1, withscores=True)
        if not scored:
            return []
        bodies: Any = broker.client.hmget(f"{dead}.msgs", [letter_id for letter_id, _ in scored])
    except redis.RedisError:
        raise BrokerAway from None
    pairs = zip(scored, bodies, strict=True)
    return [_letter(letter_id, score, dramatiq.Message.decode(body)) for (letter_id, score), body in pairs if body]


def dead_letter_read(queue: str, letter_id: str) -> DeadLetter | None:
    """Returns a dead letter; None where there is none, or where it cannot be read. Raises BrokerAway."""
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker) or queue not in broker.get_declared_queues():
        return None
    dead = _key(broker, xq_name(queue))
    try:
        died: Any = broker.client.zscore(dead, letter_id)
        body: Any = broker.client.hget(f"{dead}.msgs", letter_id)
    except redis.RedisError:
        raise BrokerAway from None
    return None if died is None or body is None else _letter(letter_id.encode(), died, dramatiq.Message.decode(body))


def dead_letter_take_back(queue: str, letter_id: str) -> dramatiq.Message[Any] | None:
    """Puts a dead letter back into its queue, for one caller of several. Returns the message.

    None where there is no such letter, or cannot be read. Raises BrokerAway. Dying between the two steps leaves the
    letter's body behind, and no second message; what actors do is due again by their own rows.
    """
    broker = dramatiq.get_broker()
    if not isinstance(broker, RedisBroker):
        return None
    dead = _key(broker, xq_name(queue))
    try:
        body: Any = broker.client.hget(f"{dead}.msgs", letter_id)
        if body is None or not broker.client.zrem(dead, letter_id):
            return None
        old = dramatiq.Message.decode(body)
        options = {name: value for name, value in old.options.items() if name not in _OPTIONS_OF_A_TRY}
        queue_name = old.queue_name.removesuffix(".DQ")
        message = broker.enqueue(dramatiq.Message(queue_name, old.actor_name, old.args, old.kwargs, options))
        broker.client.hdel(f"{dead}.msgs", letter_id)
    except redis.RedisError:
        raise BrokerAway from None
    return message


def _redis_queue(broker: RedisBroker, name: str) -> QueueState:
    full, delayed = _key(broker, name), _key(broker, dq_name(name))
    with broker.client.pipeline(transaction=False) as pipeline:
        pipeline.llen(full)
        pipeline.hlen(f"{full}.msgs")
        pipeline.hlen(f"{delayed}.msgs")
        pipeline.zcard(_key(broker, xq_name(name)))
        waiting, known, later, dead = pipeline.execute()
    return QueueState(name, waiting, max(0, known - waiting), later, dead)


def _rabbit_queue(broker: Any, name: str) -> QueueState:
    waiting, delayed, dead = broker.get_queue_message_counts(name)
    return QueueState(name, waiting, None, delayed, dead)


def _letter(letter_id: bytes, died: float, message: dramatiq.Message[Any]) -> DeadLetter:
    return DeadLetter(
        id=letter_id.decode(),
        queue=message.queue_name.removesuffix(".DQ"),
        actor=message.actor_name,
        args=tuple(message.args),
        enqueued_at=datetime.fromtimestamp(message.message_timestamp / 1000, UTC),
        died_at=datetime.fromtimestamp(died / 1000, UTC),
    )


def _key(broker: RedisBroker, queue: str) -> str:
    return f"{broker.namespace}:{queue}"
