"""The catalog as it is in force: what is deprecated and who still uses it, prices, the operator's own file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from accounts.models import Tenant
from billing.models import PlatformMonth, PlatformTotal
from cavendish.db.router import acting_as
from cavendish.gemini import catalog
from cavendish.gemini.catalog import Model
from tests.factories import make_tenant
from tests.people.visitors import Visitor, shown

OWN = """
[[model]]
id = "gemini-own-image"
name = "Own Image"
description = "Ours."
like = "gemini-3.1-flash-image"
[[model.prices]]
as_of = 2026-01-01
[model.prices.standard]
text_input = 0.5
image_input = 0.5
video_input = 0.5
text_output = 3
thought_output = 3
image_output = 60
search_query = 14
"""


@pytest.fixture
def deprecated() -> Model:
    return next(model for model in catalog.models_taken() if model.deprecated)


@pytest.fixture
def user_of(deprecated: Model) -> Iterator[Tenant]:
    """A tenant that used the deprecated model this month."""
    tenant, today = make_tenant(balance=0), timezone.localdate()
    month = {"month": today.replace(day=1), "livemode": True, "tenant": tenant, "model": deprecated.id}
    day = {"billing_date": today, "livemode": True, "currency": "XTS", "model": deprecated.id}
    sums = {"requests": 7, "images": 1234, "flagged": 0, "amount": 1, "cost": 1}
    with acting_as("operator"):
        PlatformMonth.objects.create(**month, **sums)
        PlatformTotal.objects.create(**day, **sums)
    yield tenant
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM billing_platformmonth WHERE tenant_id = %s", [tenant.id])
        cursor.execute("DELETE FROM billing_platformtotal WHERE currency = 'XTS'")


def test_who_still_uses_a_deprecated_model(operator: Visitor, deprecated: Model, user_of: Tenant) -> None:
    page = shown(operator.get("/admin/models/"))
    assert f"{deprecated.name} is deprecated upstream." in page
    assert f"/admin/models/{deprecated.id}/#users" in page
    page = shown(operator.get(f"/admin/models/{deprecated.id}/?tenant={user_of.slug}"))
    assert user_of.name in page
    assert "1\u202f234" in page
    assert "Deprecated upstream." in page


def test_a_model_shows_its_sizes_and_prices(operator: Visitor) -> None:
    page = shown(operator.get("/admin/models/gemini-3.1-flash-image/"))
    row = catalog.get_model("gemini-3.1-flash-image").resolution("1:1", "4K")
    assert f"{row.width} × {row.height}" in page
    assert "Images out" in page
    assert "60.0000" in page
    assert operator.get("/admin/models/gemini-0/").status_code == 404


def test_the_operators_own_models_are_marked(
    operator: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "your file" not in shown(operator.get("/admin/models/"))
    file = tmp_path / "catalog.toml"
    file.write_text(OWN)
    monkeypatch.setattr(settings, "CATALOG_FILE", str(file))
    try:
        catalog.configure(file=str(file))
        page = shown(operator.get("/admin/models/"))
        assert ("Own Image" in page, page.count("your file"), str(file) in page) == (True, 1, True)
        page = shown(operator.get("/admin/models/gemini-own-image/"))
        assert "The price book has no price for it" in page
        assert f"from {file}" in page
    finally:
        catalog.configure(names=settings.MODEL_ALIASES)
