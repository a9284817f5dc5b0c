"""The audit log of the past; rows that services write now are moved to the moment that they are said to be of."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connections

from accounts.actor import SYSTEM, Actor
from accounts.models import AuditEvent, User
from cavendish.above.seeding.rows import uuid7

CLOSED = (
    "accounts_auditevent", "billing_ledgerentry", "billing_ledgertransaction", "billing_invoice", "billing_invoiceline",
    "billing_payment", "billing_creditnote", "billing_creditnoteline", "events_event", "billing_legalentity",
)  # fmt: skip
"""Tables whose triggers refuse changes, or act on rows as if they were new."""


def actor_of(user: User, address: str = "") -> Actor:
    return Actor("operator" if user.is_staff else "person", user.id, user.email, address)


@contextmanager
def triggers_off() -> Iterator[None]:
    """Lets rows of the past be written into tables that only grow; as the owner, whose transaction locks them."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in CLOSED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in CLOSED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


class History:
    """Collects audit events, and moves what services have just written to its moment in the past."""

    def __init__(self, now: datetime, rng: random.Random) -> None:
        self.now, self.rng = now, rng
        self.events: list[AuditEvent] = []

    def add(
        self,
        at: datetime,
        tenant_id: UUID | None,
        action: str,
        target: str,
        target_id: UUID,
        *,
        actor: Actor = SYSTEM,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        self.events.append(
            AuditEvent(
                id=uuid7(at, self.rng),
                tenant_id=tenant_id,
                actor_kind=actor.kind,
                actor_id=actor.id,
                actor_label=actor.label,
                address=actor.address or None,
                action=action,
                target=target,
                target_id=target_id.hex,
                before=dict(before or {}),
                after=dict(after or {}),
                at=at,
            )
        )

    def save(self) -> None:
        AuditEvent.objects.bulk_create(sorted(self.events, key=lambda event: event.at), batch_size=1000)
        self.events.clear()

    @contextmanager
    def moved_to(self, at: datetime) -> Iterator[None]:
        """Moves what the block adds to the ledger, the events and the audit log to `at`.

        The block runs in the one transaction of the seeding, in which PostgreSQL's now() stands still.
        """
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                """SELECT (SELECT coalesce(max(id), 0) FROM billing_ledgerentry),
                          nextval('events_event_id_seq'), clock_timestamp()"""
            )
            entry, event, began = cursor.fetchone()
            first = UUID(int=int(began.timestamp() * 1000) << 80)
            yield
            cursor.execute(
                """UPDATE events_event SET at = %s WHERE id > %s AND xid = (
                       pg_current_xact_id()::text::bigint
                       + coalesce(pg_sequence_last_value('events_xid_base'::regclass), 0))::text::xid8""",
                [at, event],
            )
            cursor.execute("SELECT DISTINCT transaction_id FROM billing_ledgerentry WHERE id > %s ORDER BY 1", [entry])
            for (old,) in cursor.fetchall():
                # One statement: foreign keys are looked at when it has ended.
                cursor.execute(
                    """WITH moved AS (UPDATE billing_ledgertransaction SET id = %(new)s, at = %(at)s
                                      WHERE id = %(old)s),
                            named AS (UPDATE billing_invoiceline SET ledger_transaction_id = %(new)s
                                      WHERE ledger_transaction_id = %(old)s)
                       UPDATE billing_ledgerentry SET transaction_id = %(new)s, at = %(at)s
                       WHERE transaction_id = %(old)s""",
                    {"new": uuid7(at, self.rng), "old": old, "at": at},
                )
            cursor.execute("SELECT id FROM accounts_auditevent WHERE id >= %s", [first])
            for (old,) in cursor.fetchall():
                cursor.execute(
                    "UPDATE accounts_auditevent SET id = %s, at = %s WHERE id = %s", [uuid7(at, self.rng), at, old]
                )
