"""The slot of a request that Django works on, which its thread can give up while it waits for somebody else's host.

The layer in front admits only so many requests to Django at once. One that waits keeps its thread, so whoever gives up
slots bounds how many threads wait at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from django.db import connections

SCOPE_KEY = "cavendish.slot"


class Slot(Protocol):
    """Both are called in the request's thread."""

    def give_up(self) -> None:
        """Lets another request in."""

    def take_again(self) -> None:
        """Waits until there is room."""


current_slot: ContextVar[Slot | None] = ContextVar("current_slot", default=None)


@contextmanager
def slot_given_up() -> Iterator[None]:
    """Gives up the request's slot and its database connections for as long as the block takes, then waits for a slot.

    Outside of requests only the connections are given up. It is no block for a transaction.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
    slot = current_slot.get()
    if slot is None:
        yield
        return
    slot.give_up()
    try:
        yield
    finally:
        slot.take_again()
