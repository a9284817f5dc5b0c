"""Finds what a text names: any id in any spelling, a key, a number, an address, a name. Each way is one index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connections, models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models import (
    ApiKey,
    AuditEvent,
    Invitation,
    Membership,
    OperatorKey,
    Tenant,
    TenantNote,
    User,
    WebhookDelivery,
    WebhookEndpoint,
)
from billing.models import (
    Budget,
    Credit,
    CreditNote,
    Invoice,
    LedgerTransaction,
    LegalEntity,
    Payment,
    Plan,
    ProviderPayment,
)
from cavendish.above.tenant_data.models import Export
from cavendish.db import ids
from cavendish.db.router import current_alias
from generations.models import (
    Batch,
    Collection,
    File,
    Generation,
    GuardRule,
    LegalHold,
    Output,
    PromptTemplate,
    ShareLink,
)

MOST_CHARS = 1000
LEAST_PART = 2
"""Characters of a part of a name or of an email."""
AT_MOST = 10
"""Hits of one way of finding."""
PAYMENT = "payment"
"""The kind of a payment, which has no public id."""
GROUP = ids.GENERATION_GROUP


@dataclass(frozen=True)
class Hit:
    """A thing that was found: its kind (the prefix of its id, or PAYMENT), its id, and two lines for people.

    `page_kind` and `page_id` name the thing whose page shows it: itself, or what it belongs to.
    """

    kind: str
    id: UUID
    label: str
    sub: str
    tenant_id: UUID | None
    tenant_name: str
    page_kind: str
    page_id: UUID


@dataclass(frozen=True)
class _Row:
    kind: str
    id: UUID
    label: str
    sub: str
    tenant_id: UUID | None
    page: tuple[str, UUID] | None = None


@dataclass(frozen=True)
class _Kind:
    """How a thing is told: columns of its label and of the line below it, and whose page shows it."""

    model: type[models.Model]
    label: str = ""
    sub: str = ""
    page: tuple[str, str] | None = None


_KINDS: dict[str, _Kind] = {
    ids.GENERATION: _Kind(Generation, sub="status, model"),
    ids.TENANT: _Kind(Tenant, "name", "slug, status"),
    ids.OUTPUT: _Kind(Output, sub="mime_type", page=(ids.GENERATION, "generation_id")),
    ids.BATCH: _Kind(Batch, "name", "status"),
    ids.FILE: _Kind(File, sub="mime_type"),
    ids.API_KEY: _Kind(ApiKey, "name", "prefix"),
    ids.USER: _Kind(User, "email", "name"),
    ids.INVOICE: _Kind(Invoice, "number", "status"),
    ids.CREDIT_NOTE: _Kind(CreditNote, "number", page=(ids.INVOICE, "invoice_id")),
    ids.LEDGER_TRANSACTION: _Kind(LedgerTransaction, sub="kind, reason"),
    ids.PROVIDER_PAYMENT: _Kind(ProviderPayment, sub="purpose, status"),
    ids.WEBHOOK_ENDPOINT: _Kind(WebhookEndpoint, "url", "status"),
    ids.WEBHOOK_DELIVERY: _Kind(WebhookDelivery, sub="event_type, status", page=(ids.WEBHOOK_ENDPOINT, "endpoint_id")),
    ids.OPERATOR_KEY: _Kind(OperatorKey, "name", "prefix"),
    ids.MEMBERSHIP: _Kind(Membership, sub="role", page=(ids.USER, "user_id")),
    ids.INVITATION: _Kind(Invitation, "email", page=(ids.TENANT, "tenant_id")),
    ids.AUDIT_EVENT: _Kind(AuditEvent, "action", "actor_label"),
    ids.BUDGET: _Kind(Budget, sub="scope, metric, period", page=(ids.TENANT, "tenant_id")),
    ids.CREDIT: _Kind(Credit, sub="source", page=(ids.TENANT, "tenant_id")),
    ids.PLAN: _Kind(Plan, "name", "slug"),
    ids.LEGAL_ENTITY: _Kind(LegalEntity, "name"),
    ids.SHARE_LINK: _Kind(ShareLink, page=(ids.GENERATION, "generation_id")),
    ids.COLLECTION: _Kind(Collection, "name", page=(ids.TENANT, "tenant_id")),
    ids.TEMPLATE: _Kind(PromptTemplate, page=(ids.TENANT, "tenant_id")),
    ids.GUARD_RULE: _Kind(GuardRule, sub="type", page=(ids.TENANT, "tenant_id")),
    ids.LEGAL_HOLD: _Kind(LegalHold, page=(ids.TENANT, "tenant_id")),
    ids.EXPORT: _Kind(Export, sub="status", page=(ids.TENANT, "tenant_id")),
    ids.TENANT_NOTE: _Kind(TenantNote, page=(ids.TENANT, "tenant_id")),
}

_QUOTES = "\"'`“”‘’„«»<>()[]{},;"  # what a text is pasted with
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
# The part behind the prefix proves a key, and is dropped before anything else is done.
_KEY = re.compile(r"cvd_(?:live|test|operator)_[0-9A-Za-z]{1,12}")
_PUBLIC = re.compile(r"(?<![a-z])([a-z]{1,12})_[0-9a-f]{32}(?![0-9a-f])")
_OUR_REQUEST = re.compile(r"req_([0-9a-f]{32})")
_SLACK = timedelta(seconds=2)
_LONGEST_REQUEST = timedelta(minutes=15)
"""An id of ours is made as its request comes; a body may take a while until its job is accepted."""


def find(text: str) -> list[Hit]:
    """Returns what a text names, the likeliest first; one hit for an id that is one. Call it as the operator.

    Of a whole key only its prefix is looked at; nothing of the text is kept or logged.
    """
    text = _cleaned(text)
    if not text:
        return []
    if key := _KEY.search(text):
        return _hits(_keys(key[0]))
    if _OUR_REQUEST.fullmatch(text.lower()):
        return _hits(_by_request(text))
    value = ids.any_uuid(text)
    if value is None:
        return _hits([*_by_request(text), *_by_word(text)])
    # What looks like an id may be a trace, or an id of somebody else's.
    return _hits(_by_id(value, _prefix(text)) or [*_by_trace(value.hex), *_by_request(text)])


def _cleaned(text: str) -> str:
    """Returns the text without what it was pasted with: spaces, quotes, marks that nobody sees."""
    return _INVISIBLE.sub("", text[:MOST_CHARS].replace("\x00", "")).strip().strip(_QUOTES).strip()


def _prefix(text: str) -> str | None:
    """Returns the prefix of the last id, None where it has none that we know."""
    known = [prefix for prefix in _PUBLIC.findall(text.lower()) if prefix in _KINDS or prefix == GROUP]
    return known[-1] if known else None


def _keys(prefix: str) -> Iterator[_Row]:
    tenants = ApiKey.objects.filter(Q(prefix__startswith=prefix) | Q(previous_prefix__startswith=prefix))
    for key in tenants.order_by("prefix")[:AT_MOST]:
        yield _Row(ids.API_KEY, key.id, key.name, key.prefix, key.tenant_id)
    for row in OperatorKey.objects.filter(prefix__startswith=prefix).order_by("prefix")[:AT_MOST]:
        yield _Row(ids.OPERATOR_KEY, row.id, row.name, row.prefix, None)


def _by_id(value: UUID, prefix: str | None) -> list[_Row]:
    """Returns the things with this id, of one kind where a prefix names it: each a look into a primary key."""
    if prefix == GROUP:
        return _group(value)
    kinds = [prefix] if prefix else list(_KINDS)
    parts = [_part(kind, _KINDS[kind]) for kind in kinds]
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [value] * len(parts))
        rows = [_row(*row) for row in cursor.fetchall()]
    return rows or ([] if prefix else _group(value))


def _part(kind: str, how: _Kind) -> str:
    table = how.model._meta.db_table
    names = {field.column for field in how.model._meta.concrete_fields}
    tenant = "id" if how.model is Tenant else "tenant_id" if "tenant_id" in names else "NULL::uuid"
    label = f"coalesce({how.label}, '')" if how.label else "''"
    sub = f"concat_ws(' · ', {how.sub})" if how.sub else "''"
    page = f"'{how.page[0]}', {how.page[1]}" if how.page else "NULL, NULL::uuid"
    return (
        f"SELECT '{kind}', id, {label}::text, {sub}::text, {tenant}, {page} "  # noqa: S608 (names of ours)
        f"FROM {table} WHERE id = %s"
    )


def _row(
    kind: str, value: UUID, label: str, sub: str, tenant: UUID | None, page_kind: str | None, page_id: UUID | None
) -> _Row:
    page = (page_kind, page_id) if page_kind and page_id else None
    return _Row(kind, value, label, sub, tenant, page)


def _group(value: UUID) -> list[_Row]:
    rows = Generation.objects.filter(group_id=value).order_by("id")[:AT_MOST]
    return [_generation(row) for row in rows]


def _generation(row: Generation) -> _Row:
    return _Row(ids.GENERATION, row.id, "", f"{row.status} · {row.model}", row.tenant_id)


def _by_request(text: str) -> Iterator[_Row]:
    """Yields the jobs and batches of a request, or the job of an interaction upstream."""
    ours = _OUR_REQUEST.fullmatch(text.lower())
    if ours is not None:
        made = datetime.fromtimestamp((int(ours[1], 16) >> 80) / 1000, tz=UTC)
        jobs = Generation.objects.filter(
            id__gte=ids.first_at(made - _SLACK), id__lt=ids.first_at(made + _LONGEST_REQUEST), request_id=text.lower()
        )
    else:
        jobs = Generation.objects.filter(request_id=text).exclude(request_id="").exclude(request_id__startswith="req_")
    for row in jobs[:AT_MOST]:
        yield _generation(row)
    for batch in Batch.objects.filter(request_id=text.lower() if ours else text).exclude(request_id="")[:AT_MOST]:
        yield _Row(ids.BATCH, batch.id, batch.name, batch.status, batch.tenant_id)
    for row in Generation.objects.filter(upstream_id=text).exclude(upstream_id="")[:AT_MOST]:
        yield _generation(row)


def _by_trace(trace_id: str) -> Iterator[_Row]:
    for row in Generation.objects.filter(trace_id=trace_id).exclude(trace_id="")[:AT_MOST]:
        yield _generation(row)


def _by_word(text: str) -> Iterator[_Row]:
    """Yields what has the text for its number, reference, email, slug or name, or a part of the last three."""
    yield from _numbers(text)
    yield from _references(text)
    if len(text) < LEAST_PART:
        return
    tenants = Tenant.objects.filter(Q(slug__icontains=text) | Q(name__icontains=text))
    exactly = Q(slug=text.lower()) | Q(name__iexact=text)
    for tenant in tenants.order_by(_exactly_first(exactly), "name")[:AT_MOST]:
        yield _Row(ids.TENANT, tenant.id, tenant.name, f"{tenant.slug} · {tenant.status}", tenant.id)
    people = User.objects.alias(lower=Lower("email")).filter(lower__contains=text.lower())
    for user in people.order_by(_exactly_first(Q(email__iexact=text)), "email")[:AT_MOST]:
        yield _Row(ids.USER, user.id, user.email, user.name, None)


def _exactly_first(exactly: Q) -> Any:
    """Returns an order in which what fulfils the condition comes first."""
    return models.Case(models.When(exactly, then=0), default=1).asc()


def _numbers(text: str) -> Iterator[_Row]:
    """Yields invoices and credit notes. Their index begins with the legal entity, of which there are few."""
    spellings = {text, text.upper(), text.lower(), text.capitalize()}
    entities = LegalEntity.objects.values("id")
    for invoice in Invoice.objects.filter(legal_entity_id__in=entities, number__in=spellings)[:AT_MOST]:
        yield _Row(ids.INVOICE, invoice.id, invoice.number or "", invoice.status, invoice.tenant_id)
    for note in CreditNote.objects.filter(legal_entity_id__in=entities, number__in=spellings)[:AT_MOST]:
        page = (ids.INVOICE, note.invoice_id)
        yield _Row(ids.CREDIT_NOTE, note.id, note.number, note.reason, note.tenant_id, page)


def _references(text: str) -> Iterator[_Row]:
    """Yields payments and top-ups by the bank's or the provider's reference."""
    for payment in Payment.objects.filter(reference=text)[:AT_MOST]:
        page = (ids.INVOICE, payment.invoice_id)
        sub = f"{payment.amount.normalize():f} {payment.currency} · {payment.received_on}"
        yield _Row(PAYMENT, payment.id, payment.reference, sub, payment.tenant_id, page)
    for row in LedgerTransaction.objects.filter(reference=text).exclude(reference="")[:AT_MOST]:
        yield _Row(ids.LEDGER_TRANSACTION, row.id, row.reference, f"{row.kind} · {row.reason}", row.tenant_id)


def _hits(rows: Iterable[_Row]) -> list[Hit]:
    """Returns the rows as hits, each thing once, with the names of their tenants."""
    unique = {(row.kind, row.id): row for row in rows}
    tenants = {row.tenant_id for row in unique.values() if row.tenant_id is not None}
    names = dict(Tenant.objects.filter(id__in=tenants).values_list("id", "name")) if tenants else {}
    return [_hit(row, names) for row in unique.values()]


def _hit(row: _Row, names: dict[UUID, str]) -> Hit:
    public = ids.encode(row.kind, row.id)
    page_kind, page_id = row.page or (row.kind, row.id)
    name = names.get(row.tenant_id, "") if row.tenant_id else ""
    return Hit(row.kind, row.id, row.label or public, row.sub, row.tenant_id, name, page_kind, page_id)
