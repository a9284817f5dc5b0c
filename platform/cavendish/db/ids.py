"""Public ids: a prefix that names the kind, then a UUIDv7 in hex, so ids are unguessable and ordered by time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

from cavendish.uuids import uuid7

GENERATION = "gen"
GENERATION_GROUP = "grp"
OUTPUT = "out"
FILE = "file"
BATCH = "batch"
SHARE_LINK = "share"
COLLECTION = "col"
TEMPLATE = "tpl"
TENANT = "ten"
TENANT_NOTE = "note"
USER = "usr"
MEMBERSHIP = "mem"
INVITATION = "invite"
API_KEY = "key"
OPERATOR_KEY = "opk"
AUDIT_EVENT = "aud"
PLAN = "plan"
PRICE = "price"
BUDGET = "bud"
CREDIT = "cred"
LEDGER_TRANSACTION = "txn"
INVOICE = "inv"
CREDIT_NOTE = "cn"
PAYMENT_METHOD = "paym"
PROVIDER_PAYMENT = "pay"
PAYMENT = "pmt"
LEGAL_ENTITY = "le"
RECEIPT = "rcpt"
ANOMALY = "anom"
EXCHANGE_RATE = "rate"
EXPORT = "exp"
LEGAL_HOLD = "hold"
GUARD_RULE = "guard"
WEBHOOK_ENDPOINT = "whe"
WEBHOOK_DELIVERY = "whd"


def new_id() -> UUID:
    """Returns a UUIDv7 (RFC 9562, section 5.7)."""
    return uuid7()


def first_at(moment: datetime) -> UUID:
    """Returns the smallest UUIDv7 that can be made from this moment on: milliseconds, then the rest."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def made_at(value: UUID) -> datetime:
    """Returns when a UUIDv7 was made, to the millisecond."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, tz=UTC)


def encode(prefix: str, value: UUID) -> str:
    return f"{prefix}_{value.hex}"


def decode(prefix: str, text: str) -> UUID | None:
    """Returns the UUID in `text`, None when it is no id of this kind (which callers treat as an unknown one)."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 32 or not tail.isascii() or not tail.isalnum() or tail != tail.lower():
        return None
    try:
        return UUID(hex=tail)
    except ValueError:
        return None


_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}(?![0-9a-f])")


def any_uuid(text: str) -> UUID | None:
    """Returns the last UUID in what a person typed or pasted, in any spelling: with a prefix or dashes, in capitals,
    quoted, in an address. None where there is none.
    """
    found = _UUID.findall(text.lower())
    return UUID(hex=found[-1].replace("-", "")) if found else None
