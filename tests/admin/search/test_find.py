"""Whatever names a thing leads to it, in any spelling, and by indexes alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from accounts.models import ApiKey, OperatorKey, User
from billing.models import CreditNote, Invoice
from cavendish.above.admin.search.selectors import _KINDS, PAYMENT, Hit, find
from cavendish.db import ids
from cavendish.db.router import acting_as
from cavendish.telemetry.request_ids import Request, fresh, request_entered
from generations.models import Generation
from tests.factories import make_key, make_operator_key, submit_generation
from tests.generations.helpers import rows
from tests.walls.conftest import Filled, _filled


@pytest.fixture(scope="module")
def filled(django_db_setup: None) -> Filled:
    found = _filled()
    make_operator_key()
    return found


@pytest.fixture(autouse=True)
def as_operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


def only(text: str) -> Hit:
    hits = find(text)
    assert len(hits) == 1, hits
    return hits[0]


def first_of(kind: str, tenant_id: UUID) -> UUID:
    model: Any = _KINDS[kind].model
    names = {field.name for field in model._meta.fields}
    rows = model.objects.filter(tenant_id=tenant_id) if "tenant" in names or "tenant_id" in names else model.objects
    if kind == ids.TENANT:
        return tenant_id
    row = rows.order_by("id").first()
    assert row is not None, kind
    return UUID(str(row.id))


@pytest.mark.parametrize("kind", sorted(_KINDS.keys() - {ids.TENANT_NOTE}))
def test_an_id_leads_to_its_thing_in_any_spelling(filled: Filled, kind: str) -> None:
    value = first_of(kind, filled.id)
    public = ids.encode(kind, value)
    for text in (
        public,
        public.upper(),
        f'  "{public}"\n',
        f"https://images.example.com/admin/x/{public}/?tab=1",
        str(value),
        value.hex,
        f"{{{str(value).upper()}}}",
    ):
        hit = only(text)
        assert (hit.kind, hit.id) == (kind, value), text
    assert only(public).label
    assert find(public[:-1] + ("0" if public[-1] != "0" else "1")) == []


def test_a_hit_says_whose_it_is_and_which_page_shows_it(filled: Filled) -> None:
    output = first_of(ids.OUTPUT, filled.id)
    hit = only(ids.encode(ids.OUTPUT, output))
    assert (hit.tenant_id, hit.tenant_name) == (filled.id, filled.tenant.name)
    assert (hit.page_kind, hit.page_id) == (ids.GENERATION, filled.ended)
    job = only(filled.ended.hex)
    assert (job.page_kind, job.page_id, job.sub.split(" · ")[0]) == (ids.GENERATION, filled.ended, "succeeded")


def test_a_key_is_found_by_its_prefix_and_its_secret_goes_no_further(filled: Filled) -> None:
    row, secret = make_key(filled.tenant)
    seen: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(f"{sql} {params}")
        return execute(sql, params, many, context)

    with connections["operator"].execute_wrapper(look):
        for text in (secret, f"Authorization: Bearer {secret}", row.prefix, row.prefix[:-4]):
            assert only(text).id == row.id
    assert seen
    assert not [line for line in seen if secret[-38:] in line]
    operator = OperatorKey.objects.order_by("-created_at").first()
    assert operator is not None
    assert (only(operator.prefix).kind, only(operator.prefix).id) == (ids.OPERATOR_KEY, operator.id)
    assert ApiKey.objects.get(id=row.id).last_used_at is None


def test_numbers_references_emails_and_names(filled: Filled) -> None:
    invoice, note = Invoice.objects.get(tenant=filled.id), CreditNote.objects.get(tenant=filled.id)
    assert (only(invoice.number or "").id, only((invoice.number or "").lower()).id) == (invoice.id, invoice.id)
    assert (only(note.number.lower()).kind, only(note.number).page_id) == (ids.CREDIT_NOTE, invoice.id)
    assert PAYMENT in {hit.kind for hit in find("x")}
    person = User.objects.get(email=f"{filled.tenant.slug}@example.com")
    assert only(person.email.upper()).id == person.id
    assert person.id in {hit.id for hit in find(f"{filled.tenant.slug}@exam")}
    slug = find(filled.tenant.slug.upper())
    assert (slug[0].kind, slug[0].id) == (ids.TENANT, filled.id)
    assert filled.id in {hit.id for hit in find(filled.tenant.slug[2:10])}
    for nothing in ("", "  ", '""', "\x00", "%", "no such thing anywhere", "'; DROP TABLE x; --", "ä" * 2000):
        assert find(nothing) == []


def test_a_job_is_found_by_its_request_its_trace_and_its_interaction(filled: Filled) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with acting_as("default"):
        with request_entered(Request("shop order 4711", trace)):
            theirs = submit_generation(filled.tenant)
        with request_entered(Request(fresh())):
            ours = submit_generation(filled.tenant)
    named = f"v1_{theirs.hex}"[:20] + "Upstream"
    rows("owner", "UPDATE generations_generation SET upstream_id = %s WHERE id = %s", named, theirs)
    assert only("shop order 4711").id == theirs
    assert theirs in {hit.id for hit in find(trace)}
    assert theirs in {hit.id for hit in find(f"00-{trace}-00f067aa0ba902b7-01")}
    assert only(f'"{named}"').id == theirs
    rows("owner", "UPDATE generations_generation SET group_id = %s WHERE id = ANY (%s)", filled.id, [theirs, ours])
    assert {hit.id for hit in find(ids.encode(ids.GENERATION_GROUP, filled.id))} == {theirs, ours}
    made = Generation.objects.get(id=ours).request_id
    assert (only(made).id, only(made.upper()).id) == (ours, ours)


def test_nothing_is_searched_through(filled: Filled) -> None:
    """Each look into a large table is one into an index; small ones may be read: tenants, people, operators' keys."""
    small = {"accounts_tenant", "accounts_user", "billing_legalentity", "accounts_operatorkey"}
    plans: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith("SELECT"):
            with connections["owner"].cursor() as cursor:
                cursor.execute("SET enable_seqscan = off")
                cursor.execute(f"EXPLAIN {sql}", params)
                plans.append("\n".join(line for (line,) in cursor.fetchall()))
                cursor.execute("RESET enable_seqscan")
        return execute(sql, params, many, context)

    texts = ["4711 is nothing", fresh(), "0" * 32, "cvd_live_000000000000", "someone@example.com"]
    with connections["operator"].execute_wrapper(look):
        for text in texts:
            find(text)
    scanned = {name for plan in plans for name in re.findall(r"Seq Scan on (\w+)", plan)}
    assert scanned <= small
    began = time.perf_counter()
    for text in texts:
        find(text)
    assert (time.perf_counter() - began) / len(texts) < 0.1
