"""The index of words follows what is kept, serves one tenant alone, and is what a search reads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from accounts.models import Tenant
from cavendish.db.call import call_values
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from generations.labels.services import generation_tag
from generations.models import Generation, GenerationTag, GenerationTerms
from generations.search import selectors
from generations.search.terms import terms_asked
from generations.services import generation_delete
from generations.upkeep.terms import terms_fill
from tests.factories import make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, finish, register, succeeded
from tests.walls.catalog import connected


def found(tenant: Tenant, text: str, *, livemode: bool = True, before: UUID | None = None) -> list[UUID]:
    terms = terms_asked(text, tenant_id=tenant.id, livemode=livemode)
    with tenant_context(tenant.id):
        rows = selectors.with_terms(
            Generation.objects.all(), terms, column=selectors.OF_GENERATIONS, before=before
        ).order_by("-id")
        return list(rows.values_list("id", flat=True))


def ended(tenant: Tenant, prompt: str, **body: Any) -> UUID:
    queue_clear()
    generation_id = submit_generation(tenant, prompt, **body)
    [job] = claim(register(), 1)
    assert finish(job, succeeded(job)) == "ended"
    return generation_id


def test_a_search_finds_a_tenants_own_of_one_mode() -> None:
    tenant, other = make_tenant(), make_tenant()
    first = submit_generation(tenant, "a red cat")
    second = submit_generation(tenant, "the CAT sleeps")
    third = submit_generation(tenant, "a cat", livemode=False)
    theirs = submit_generation(other, "a red cat")
    assert found(tenant, "cat") == [second, first]
    assert found(tenant, "cat", before=second) == [first]
    assert found(tenant, "cat", livemode=False) == [third]
    assert found(other, "red cat") == [theirs]
    # Even with another tenant's numbers.
    stolen = terms_asked("cat", tenant_id=tenant.id, livemode=True)
    with tenant_context(other.id):
        assert call_values("generation_search", stolen, None, 10) == []
    assert call_values("generation_search", stolen, None, 10) == []


def test_more_than_a_search_hands_over_are_found_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = make_tenant()
    made = [submit_generation(tenant, f"a {'cat' if number % 3 else 'dog'}") for number in range(12)]
    cats = [row for number, row in enumerate(made) if number % 3][::-1]
    monkeypatch.setattr(selectors, "MOST", 3)
    assert found(tenant, "cat") == cats
    assert found(tenant, "cat", before=cats[1]) == cats[2:]


def test_what_is_not_kept_is_not_found() -> None:
    tenant = make_tenant()
    unstored = ended(tenant, "a secret cat", store=False)
    kept = ended(tenant, "a cat")
    assert generation_tag(tenant_id=tenant.id, generation_id=kept, livemode=True, tags=["Best"])
    assert found(tenant, "cat") == [kept]
    assert generation_delete(tenant_id=tenant.id, generation_id=kept, livemode=True)
    assert found(tenant, "cat") == []
    assert not generation_tag(tenant_id=tenant.id, generation_id=kept, livemode=True, tags=["Best"])
    with tenant_context(tenant.id):
        assert not GenerationTag.objects.exists()
        assert dict(GenerationTerms.objects.values_list("generation_id", "terms")) == {unstored: [], kept: []}


def test_older_generations_are_brought_into_the_search_once() -> None:
    tenant = make_tenant()
    unstored, erased, old = (ended(tenant, "a cat", store=store) for store in (False, True, True))
    assert generation_delete(tenant_id=tenant.id, generation_id=erased, livemode=True)
    unknown = submit_generation(tenant, "a cat")
    newest = submit_generation(tenant, "a cat")
    # As an older version, and a process of it beside this one, left them.
    with acting_as("operator"):
        GenerationTerms.objects.filter(generation__lt=unknown).delete()
        GenerationTerms.objects.filter(generation=unknown).update(terms=None)
    assert found(tenant, "cat") == [newest]
    assert terms_fill() >= 4
    assert found(tenant, "cat") == [newest, unknown, old]
    with tenant_context(tenant.id):
        assert {row.generation_id for row in GenerationTerms.objects.filter(terms=[])} == {unstored, erased}
    assert terms_fill() == 0


def test_a_search_reads_its_index() -> None:
    """As the app's role, whom row-level security would keep from it; the function's plan is read as the owner."""
    with connected("owner") as connection:
        body = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'generation_search'").fetchone()
        assert body is not None
        connection.execute("SET LOCAL enable_seqscan = off")
        statement = body[0].replace("p_terms", "ARRAY[1]::bigint[]").replace("p_before", "NULL::uuid")
        plan = connection.execute(f"EXPLAIN {statement.replace('p_most', '10')}".encode()).fetchall()
    assert any("generations_by_term" in line for (line,) in plan), plan
