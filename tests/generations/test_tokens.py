"""Pictures that count otherwise than the table says are shown, and one step makes that the figure of new quotes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.models import AuditEvent
from billing.errors import ValuesInvalid
from billing.plans.services import plan_ensure
from cavendish.db.router import acting_as
from cavendish.gemini.catalog import get_model
from generations.models import TokenVersion
from generations.tokens.selectors import (
    resolution_in_force,
    resolutions_in_force,
    token_differences,
    token_versions,
    token_versions_clear,
)
from generations.tokens.services import tokens_adopt, tokens_adoption_preview
from tests.factories import FLASH, make_tenant, submit_generation
from tests.generations.helpers import claim_one, register

pytestmark = pytest.mark.usefixtures("quiet")
LARGE: dict[str, Any] = {"response_format": {"type": "image", "aspect_ratio": "16:9", "image_size": "4K"}}
D = Decimal


@pytest.fixture(autouse=True)
def _none_stays() -> Iterator[None]:
    yield
    with acting_as("operator"):
        TokenVersion.objects.all().delete()
    token_versions_clear()


def begin(version: TokenVersion) -> None:
    """Lets a version begin now: what is adopted has a lead of some seconds, in which all processes read it."""
    with acting_as("operator"):
        TokenVersion.objects.filter(pk=version.pk).update(effective_from=timezone.now())
    token_versions_clear()


def picture(tenant_id: UUID, generation_id: UUID, index: int, tokens: int) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width, height,
                   bytes, sha256, tokens, c2pa, sandbox, storage_key)
               VALUES (id_new(), %s, %s, 'output', %s, 'image/png', 1, 1, 5, '', %s, false, false, %s)""",
            [tenant_id, generation_id, index, tokens, uuid4().hex],
        )


def test_an_adopted_figure_counts_in_quotes_and_holds_of_jobs_from_then_on() -> None:
    tenant = make_tenant()
    model = get_model(FLASH)
    submit_generation(tenant, **LARGE)
    before = claim_one(register())
    with acting_as("operator"):
        preview = tokens_adoption_preview(model=FLASH, image_size="4K", tokens=3000)
        version = tokens_adopt(model=FLASH, image_size="4K", tokens=3000, actor=SYSTEM, source="Reported")
        audit = AuditEvent.objects.filter(action="tokens.adopted").latest("id")
        assert (audit.before, audit.after["tokens"]) == ({"tokens": 2000}, 3000)
        assert token_versions() == [version]
    assert resolution_in_force(model, "16:9", "4K").tokens == 2000  # it begins in five seconds
    begin(version)
    submit_generation(tenant, **LARGE)
    after = claim_one(register())

    # 2000 by the table, 2520 by the price page, which was held; 60 USD a million
    assert (preview.tokens, preview.held, preview.cost) == ((2000, 3000), (2520, 3000), (D("0.12"), D("0.18")))
    standard = plan_ensure(slug="standard", name="Standard")
    [row] = [row for row in preview.prices if row.plan == standard]
    assert (row.now, row.after) == (D("0.12"), D("0.18"))
    assert [job.spec["resolution"]["tokens"] for job in (before, after) if job.spec["resolution"]] == [2000, 3000]
    assert after.hold_amount - before.hold_amount == 480 * D(60) / 1_000_000
    sizes = {row.image_size: row.tokens for row in resolutions_in_force(model)}
    assert sizes == {"512": 747, "1K": 1120, "2K": 1120, "4K": 3000}


def test_differences_are_counted_by_model_and_size_until_they_are_adopted() -> None:
    tenant = make_tenant()
    generation_id = submit_generation(tenant, **LARGE)
    with acting_as("operator"):
        others = {(row.model, row.image_size, row.came): row.count for row in token_differences()}
        for index, tokens in enumerate([2000, 2520, 2520, 2777]):
            picture(tenant.id, generation_id, index, tokens)

        rows = {(row.model, row.image_size, row.came): row for row in token_differences() if not row.sandbox}

        found = rows[FLASH, "4K", 2520]
        assert (found.expected, found.last_generation_id) == (2000, generation_id)
        assert found.count - others.get((FLASH, "4K", 2520), 0) == 2
        assert found.of >= 4
        assert rows[FLASH, "4K", 2777].count == 1
        begin(tokens_adopt(model=FLASH, image_size="4K", tokens=2520, actor=SYSTEM))
        came = {row.came: row.expected for row in token_differences() if row.image_size == "4K" and not row.sandbox}
        assert came == {2000: 2520, 2777: 2520}
        with connections["owner"].cursor() as cursor:
            cursor.execute("DELETE FROM generations_output WHERE tenant_id = %s", [tenant.id])


def test_a_figure_that_cannot_be_is_refused() -> None:
    with acting_as("operator"):
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"model": "nano"}, "/model"),
            ({"image_size": "8K"}, "/image_size"),
            ({"tokens": 0}, "/tokens"),
            ({"tokens": 30_000}, "/tokens"),
            ({"effective_from": timezone.now() - timedelta(days=1)}, "/effective_from"),
        ]
        for values, pointer in wrong:
            values_given: dict[str, Any] = {"model": FLASH, "image_size": "4K", "tokens": 2520, **values}
            with pytest.raises(ValuesInvalid) as refused:
                tokens_adoption_preview(**values_given)
            with pytest.raises(ValuesInvalid) as not_adopted:
                tokens_adopt(actor=SYSTEM, **values_given)
            for refusal in (refused.value, not_adopted.value):
                assert [error.pointer for error in refusal.errors] == [pointer]
