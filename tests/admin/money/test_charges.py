"""Flagged charges and refunds: decided with everything in sight, shown before they are booked."""

from __future__ import annotations

import re
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.models import OperatorRole, Tenant
from billing.models import Charge, FlagResolution, Wallet
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.accounts.people import audited
from tests.admin.acting import act, act_done
from tests.billing.test_wallets import charged
from tests.factories import make_tenant
from tests.people.visitors import Visitor, person, shown

pytestmark = pytest.mark.usefixtures("quiet")


def path(generation: UUID, name: str) -> str:
    return f"/admin/charges/{ids.encode(ids.GENERATION, generation)}/{name}/"


def balance(tenant: Tenant) -> Decimal:
    with acting_as("operator"):
        return Decimal(Wallet.objects.get(tenant=tenant, livemode=True).balance)


def test_a_flagged_charge_is_decided_with_everything_in_sight(operator: Visitor) -> None:
    tenant = make_tenant(balance=10)
    generation, amount = charged(tenant, flags=["unknown_kind"])
    listed = f"/admin/charges/?tenant={tenant.slug}&flagged="
    public = ids.encode(ids.GENERATION, generation)
    assert public in shown(operator.get(f"{listed}open"))
    page = shown(operator.get(path(generation, "resolve")))
    for text in (tenant.name, "tokens of a kind that has no price", "Images out", f"{amount:.9f}", "Left to refund"):
        assert text in page, text
    values = {"reason": "Audio", "amount": "-0.001"}
    looked = shown(operator.post(path(generation, "resolve"), **values, confirm="1"))
    free = Decimal(10) - amount
    line = rf'Balance</th><td class="r">\${free:.9f}</td><td class="r"><b>\${free - Decimal("0.001"):.9f}</b>'
    assert re.search(line, looked)
    assert balance(tenant) == free
    act(operator, path(generation, "resolve"), **values)
    assert balance(tenant) == free - Decimal("0.001")
    assert public not in shown(operator.get(f"{listed}open"))
    assert "Audio" in shown(operator.get(f"{listed}resolved"))
    again = act(operator, path(generation, "resolve"), reason="Again")
    assert (again.status_code, "has been decided about" in shown(again)) == (422, True)
    with acting_as("operator"):
        assert FlagResolution.objects.get(charge_id=generation).actor == f"operator {operator.email}"
    assert audited(tenant.id)[-1].action == "charge.resolved"


def test_a_charge_is_refunded_in_parts_and_never_beyond_what_is_left(operator: Visitor) -> None:
    tenant = make_tenant(balance=10)
    generation, amount = charged(tenant)
    assert "went back to" in act_done(operator, path(generation, "refund"), amount="0.01", reason="Blurred")
    too_much = act(operator, path(generation, "refund"), amount=f"{amount}", reason="All of it")
    assert (too_much.status_code, "is left to give back" in shown(too_much)) == (422, True)
    page = shown(operator.get(path(generation, "refund")))
    assert f"{amount - Decimal('0.01'):.9f}" in page
    assert "Refund: Blurred" in page
    act_done(operator, path(generation, "refund"), reason="The rest")
    assert balance(tenant) == 10
    empty = act(operator, path(generation, "refund"), reason="More")
    assert (empty.status_code, "Nothing of this charge is left" in shown(empty)) == (422, True)
    with acting_as("operator"):
        assert Charge.objects.get(generation_id=generation).amount == amount


def test_only_who_moves_money_decides(operator: Visitor) -> None:
    generation, _ = charged(make_tenant(balance=10), flags=["over_hold"])
    reader = person(operator=True, role=OperatorRole.SUPPORT)
    reader.sign_in()
    for name in ("resolve", "refund"):
        assert reader.get(path(generation, name)).status_code == 403
        assert reader.post(path(generation, name), reason="x", confirm="1").status_code == 403
    assert operator.get(path(generation, "waive")).status_code == 404
    assert operator.get(path(UUID(int=7), "refund")).status_code == 404
