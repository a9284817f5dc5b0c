"""One request that carries an Idempotency-Key: taken before its view runs, tied to what the view makes, ended after.

What a service creates it notes in the transaction that creates it (`note_created`; `note_audited` for what is audited).
So a process that dies after the commit leaves all that a replay needs; one that dies before leaves a lease that ends.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID, uuid4

from django.db import Error
from django.http import HttpRequest

from accounts.contracts import KeyNote
from accounts.idempotency.digest import request_digest
from accounts.idempotency.errors import KeyInProgress, KeyInvalid, KeyReused
from cavendish.db.call import Jsonb, call, call_row

logger = logging.getLogger(__name__)

MAX_KEY_CHARS = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
KEEP = timedelta(hours=24)
LEASE = timedelta(seconds=30)
"""How long a request has the key for itself. One that takes longer loses it only to a repetition that comes then, and
is refused before it makes anything."""


class Owner(Protocol):
    """A tenant's or an operator's key that proved itself; a tenant's has `tenant_id` and `livemode` too."""

    @property
    def key_id(self) -> UUID: ...


@dataclass
class KeyedRequest:
    """`made` are the ids of what it made, `answer` what is kept of an answer that no object stands behind.

    `is_replay` says that an earlier request with the key was done: then the view makes nothing. A request that took
    over from one that died starts with what that one made.
    """

    id: UUID
    tenant_id: UUID | None
    token: UUID
    is_replay: bool = False
    created_ids: list[str] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    is_done: bool = False
    _is_audited: bool = False

    def noting(self, created_ids: list[str]) -> KeyNote | None:
        """Returns what ties `made`, behind what it noted before, to the key; None where an earlier request made it."""
        if self.is_replay:
            return None
        self.created_ids = created_ids if self._is_audited else [*self.created_ids, *created_ids]
        self._is_audited = False
        self.is_done = True
        return {"id": str(self.id), "token": str(self.token), "made": self.created_ids, "done": self.is_done}

    def note_created(self, created_ids: list[str]) -> None:
        """Ties what it makes to the key, in the caller's transaction. Raises KeyInProgress where the key is lost."""
        note = self.noting(created_ids)
        if note and not call("idempotency_made", self.id, self.token, note["made"], note["done"]):
            raise KeyInProgress

    def note_audited(self, target_id: str) -> None:
        """Ties what is audited to the key, where nothing else was noted."""
        if not self.created_ids:
            self.note_created([target_id])
            self._is_audited = True

    def end(self, answer: dict[str, Any] | None = None) -> None:
        """Keeps the key, as done, with an answer for what no object stands behind. Call it outside of transactions."""
        self._end(done=True, answer=answer)

    def forget(self) -> None:
        """Frees the key for another try, unless something was made with it. Call it outside of transactions."""
        self._end(done=False, answer=None)

    def _end(self, *, done: bool, answer: dict[str, Any] | None) -> None:
        try:
            kept = None if answer is None else Jsonb(answer)
            call("idempotency_end", self.id, self.tenant_id, self.token, done, kept)
        except Error as error:
            # The lease ends by itself. The message may repeat values.
            logger.warning("An idempotency key was not ended: %s.", type(error).__name__)


def keyed_request_begin(*, owner: Owner, request: HttpRequest, header: str) -> KeyedRequest:
    """Takes the key for a request, or returns what the first one made, to be answered again.

    Raises KeyInvalid, KeyReused where the key came with another request, KeyInProgress while the first one runs.
    """
    return keyed_begin(owner=owner, key=_key_of(header), digest=request_digest(request))


def keyed_begin(*, owner: Owner, key: str, digest: bytes) -> KeyedRequest:
    """Does that for a key of ours and a SHA-256 of what is asked for: pages make both of a form."""
    tenant_id: UUID | None = getattr(owner, "tenant_id", None)
    mode = getattr(owner, "livemode", None)
    row_id = _id_of(tenant_id or owner.key_id, mode, key)
    token = uuid4()
    operator_key = None if tenant_id else owner.key_id
    row = call_row("idempotency_begin", row_id, tenant_id, operator_key, digest, token, LEASE, KEEP)
    match row["state"] if row else "in_progress":
        case "new":
            return KeyedRequest(row_id, tenant_id, token)
        case "taken_over" if row:
            return KeyedRequest(row_id, tenant_id, token, created_ids=row["made"])
        case "done" if row:
            return KeyedRequest(row_id, tenant_id, token, True, row["made"], row["answer"], is_done=True)
        case "other":
            raise KeyReused
        case _:
            raise KeyInProgress


def _key_of(header: str) -> str:
    """Returns the header's value as text. Raises KeyInvalid."""
    try:
        # Django reads headers as Latin-1, clients write UTF-8.
        text = header.encode("latin-1").decode()
    except UnicodeError:
        text = header
    if not 0 < len(text) <= MAX_KEY_CHARS or _CONTROL.search(text):
        raise KeyInvalid(MAX_KEY_CHARS)
    return text


def _id_of(owner: UUID, mode: bool | None, key: str) -> UUID:
    """Returns the row's id: half of a SHA-256, so that nobody's key can be made to meet another's."""
    digest = hashlib.sha256(f"{owner.hex}\n{mode}\n{key}".encode("utf-8", "surrogatepass"))
    return UUID(bytes=digest.digest()[:16])


_current: ContextVar[KeyedRequest | None] = ContextVar("keyed_request", default=None)


@contextmanager
def keyed_request_current(keyed: KeyedRequest) -> Iterator[None]:
    token = _current.set(keyed)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def keyed_request_aside() -> Iterator[None]:
    """Nothing that is made within the block is noted with the request's key: who repeats it finds by itself what is
    there. For what an operator's request does as a tenant, whose transactions cannot write an operator's key.
    """
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def current_keyed_request() -> KeyedRequest | None:
    """Returns the request that runs, where it carries an idempotency key."""
    return _current.get()


def note_created(*created_ids: UUID | int) -> None:
    """Notes the ids of what the current request makes, in the transaction that makes it, and there before the hold.

    They come behind those that it noted before. Nothing happens without an idempotency key. Raises KeyInProgress.
    """
    keyed = _current.get()
    if keyed is not None:
        keyed.note_created([one.hex if isinstance(one, UUID) else str(one) for one in created_ids])


def created_note(*created_ids: UUID) -> KeyNote | None:
    """Returns what `note_created` would note, for a function in SQL that notes it: one statement less."""
    keyed = _current.get()
    return keyed.noting([one.hex for one in created_ids]) if keyed is not None else None


def note_audited(target_id: UUID | str) -> None:
    """Notes the first thing that is audited as what the current request makes, unless it notes something else."""
    keyed = _current.get()
    if keyed is not None:
        keyed.note_audited(target_id.hex if isinstance(target_id, UUID) else target_id[:64])
