"""What operators do to tenants: the same services as over the API, in the audit with their name, and nothing else."""

from __future__ import annotations

import re
from decimal import Decimal
from secrets import token_hex

import pytest

from accounts.keys.services import console_key
from accounts.models import ApiKey, Invitation, OperatorRole, Tenant
from accounts.roles.operators import OperatorPermission, operator_may
from billing.models import LedgerTransaction, Wallet
from cavendish.above.admin.tenants.views import ACTS
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.accounts.people import audited
from tests.admin.acting import act, act_done
from tests.factories import FLASH, make_key, make_tenant, standard_plan
from tests.people.visitors import Visitor, person, shown


def page_of(tenant: Tenant) -> str:
    return f"/admin/tenants/{ids.encode(ids.TENANT, tenant.id)}/"


def stored(tenant: Tenant) -> Tenant:
    with acting_as("operator"):
        return Tenant.objects.get(id=tenant.id)


def balance(tenant: Tenant) -> Decimal:
    with acting_as("operator"):
        return Decimal(Wallet.objects.get(tenant=tenant, livemode=True).balance)


def test_an_operator_makes_a_tenant(operator: Visitor) -> None:
    standard_plan()
    slug = f"t-{token_hex(6)}"
    page = act_done(
        operator, "/admin/tenants/new/", name="Studio", slug=slug, plan="standard", opening_balance="1,200.5",
        owner_email="a@b.example",
    )  # fmt: skip
    assert "Studio was created." in page
    with acting_as("operator"):
        tenant = Tenant.objects.get(slug=slug)
        assert Invitation.objects.get(tenant=tenant).role == "owner"
    assert balance(tenant) == Decimal("1200.5")
    created = next(event for event in audited(tenant.id) if event.action == "tenant.created")
    assert (created.actor_kind, created.actor_label, created.address) == ("operator", operator.email, operator.address)
    for bad, why in (({"slug": slug}, "already exists"), ({"slug": "Not a slug"}, "lowercase letters")):
        again = act(operator, "/admin/tenants/new/", **{"name": "Studio", "plan": "standard", **bad})
        assert (again.status_code, why in shown(again)) == (422, True), why


def test_limits_change_after_before_and_after_were_shown(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    path = f"{page_of(tenant)}limits/"
    values = {
        "weight": "1", "concurrency_limit": "3", "queue_limit": "1000", "allowed_models": [FLASH],
        "test_keys_enabled": "on", "test_daily_requests": "10000", "test_daily_bytes": "10737418240",
    }  # fmt: skip
    shown_first = shown(operator.post(path, **values, confirm="1"))
    assert re.search(r'Jobs at once</th><td class="r">64</td><td class="r"><b>3</b>', shown_first)
    assert stored(tenant).concurrency_limit == 64  # one click has changed nothing yet
    act_done(operator, path, **values)
    assert (stored(tenant).concurrency_limit, stored(tenant).allowed_models) == (3, [FLASH])
    before = len(audited(tenant.id))
    act_done(operator, path, **values)
    assert len(audited(tenant.id)) == before  # nothing differed


def test_a_tenant_is_suspended_with_a_reason_and_reactivated(operator: Visitor) -> None:
    tenant = make_tenant(balance=0, policy_version="", policy_accepted_at=None)
    assert "Nobody has accepted the use policy" in shown(operator.get(page_of(tenant)))
    act_done(operator, f"{page_of(tenant)}accept-policy/", accepted_by="Ada")
    assert act(operator, f"{page_of(tenant)}suspend/", reason=" ").status_code == 422
    assert "unpaid" in act_done(operator, f"{page_of(tenant)}suspend/", reason="unpaid")
    assert (stored(tenant).status, stored(tenant).status_reason) == ("suspended", "unpaid")
    act_done(operator, f"{page_of(tenant)}reactivate/")
    assert act(operator, f"{page_of(tenant)}close/", reason="asked", typed="not it").status_code == 422
    act_done(operator, f"{page_of(tenant)}close/", reason="asked", typed=tenant.slug)
    assert stored(tenant).status == "closing"
    assert act(operator, f"{page_of(tenant)}erase/", days="30", typed="not it").status_code == 422
    assert "is erased on" in act_done(operator, f"{page_of(tenant)}erase/", days="30", typed=tenant.slug)
    assert "kept until somebody erases it" in act_done(operator, f"{page_of(tenant)}cancel-erasure/")
    done = [event.action for event in audited(tenant.id)][-6:]
    assert done == [
        *(f"tenant.{name}" for name in ("policy_accepted", "suspended", "reactivated", "closed")),
        "erasure.requested", "erasure.canceled",
    ]  # fmt: skip


def test_money_shows_the_sum_before_and_books_it_once(operator: Visitor) -> None:
    tenant = make_tenant(balance=5)
    path = f"{page_of(tenant)}top-up/"
    values = {"amount": "2,000.00", "reason": "wire", "reference": "W-1", "once": token_hex(8)}
    first = shown(operator.post(path, **values, confirm="1"))
    assert re.search(r'Balance</th><td class="r">\$5.00</td><td class="r"><b>\$2,005.00</b>', first)
    assert balance(tenant) == 5
    seen = re.search(r'name="seen" value="([^"]+)"', first)
    assert seen is not None
    changed = operator.post(path, **{**values, "amount": "9,000.00"}, confirm="1", seen=seen[1])
    assert changed.status_code == 200  # another amount than the one that was shown
    assert balance(tenant) == 5
    assert operator.post(path, **values, confirm="1", seen=seen[1]).status_code == 302
    assert operator.post(path, **values, confirm="1", seen=seen[1]).status_code == 302
    assert balance(tenant) == 2005
    again = act(operator, path, **{**values, "once": token_hex(8)})
    assert (again.status_code, "was booked on" in shown(again)) == (422, True)
    for amount in ("-1", "0", "1e3", "ten", "1,00", "0.0000000001"):
        assert act(operator, path, **{**values, "amount": amount, "reference": ""}).status_code == 422, amount
    act_done(operator, f"{page_of(tenant)}adjust/", amount="-4.5", reason="price")
    act_done(operator, f"{page_of(tenant)}credit/", amount="1", reason="sorry", expires_on="2099-01-01")
    act_done(operator, f"{page_of(tenant)}credit-limit/", credit_limit="50")
    assert balance(tenant) == Decimal("2001.5")
    with acting_as("operator"):
        kinds = list(LedgerTransaction.objects.filter(tenant=tenant).order_by("id").values_list("kind", flat=True))
    assert kinds == ["top_up", "top_up", "adjustment", "credit"]


def test_keys_are_made_rotated_and_revoked_and_a_secret_shows_once(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    made = act(operator, f"{page_of(tenant)}create-key/", name="shop", mode="test")
    secret = re.search(r"cvd_test_\w{40,}", shown(made))
    assert secret is not None
    with acting_as("operator"):
        row = ApiKey.objects.get(tenant=tenant, name="shop")
    assert secret[0].startswith(row.prefix)
    assert secret[0] not in shown(operator.get(page_of(tenant)))
    key = ids.encode(ids.API_KEY, row.id)
    assert "digest" not in shown(operator.get(f"/admin/keys/{key}/")).lower()
    rotated = act(operator, f"{page_of(tenant)}rotate-key/{key}/")
    assert re.search(r"cvd_test_\w{40,}", shown(rotated))
    assert act(operator, f"{page_of(tenant)}revoke-key/{key}/").status_code == 422
    act_done(operator, f"{page_of(tenant)}revoke-key/{key}/", reason="leaked")
    event = audited(tenant.id)[-1]
    assert (event.action, event.actor_label, event.after["reason"]) == ("api_key.revoked", operator.email, "leaked")
    other, _secret = make_key(make_tenant(balance=0))
    stranger = ids.encode(ids.API_KEY, other.id)
    assert operator.get(f"{page_of(tenant)}revoke-key/{stranger}/").status_code == 404


def test_the_consoles_key_has_no_secret_to_rotate_or_revoke(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    own = console_key(tenant_id=tenant.id, livemode=False)
    other, _secret = make_key(tenant)
    for key, offered in ((own, False), (other, True)):
        page = shown(operator.get(f"/admin/keys/{ids.encode(ids.API_KEY, key.id)}/"))
        assert [name in page for name in ("rotate-key", "revoke-key")] == [offered, offered]
    for name in ("rotate-key", "revoke-key"):
        refused = act(operator, f"{page_of(tenant)}{name}/{ids.encode(ids.API_KEY, own.id)}/", reason="leaked")
        assert refused.status_code >= 400, name
        assert "no secret" in shown(refused)


def test_notes_stay_among_operators(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    assert "Call Mara first." in act_done(operator, f"{page_of(tenant)}add-note/", note="Call Mara first.")
    note = re.search(r"remove-note/(\w+)/", shown(operator.get(page_of(tenant))))
    assert note is not None
    assert "Call Mara first." not in act_done(operator, f"{page_of(tenant)}remove-note/{note[1]}/")


@pytest.mark.parametrize("role", list(OperatorRole))
def test_roles_hold_on_every_act(role: OperatorRole) -> None:
    tenant, visitor = make_tenant(balance=0), person(operator=True, role=role)
    visitor.sign_in()
    assert visitor.get(page_of(tenant)).status_code == 200
    before = (stored(tenant), balance(tenant))
    for name, act_class in ACTS.items():
        allowed = operator_may(role, act_class.permission)
        answer = visitor.get(f"{page_of(tenant)}{name}/")
        assert answer.status_code == (200 if allowed else 403), (role, name)
        if not allowed:
            assert visitor.post(f"{page_of(tenant)}{name}/", confirm="1", reason="x", amount="5").status_code == 403
            assert act_class.permission in shown(answer)
    made = visitor.get("/admin/tenants/new/").status_code
    assert made == (200 if operator_may(role, OperatorPermission.TENANTS) else 403)
    assert (stored(tenant), balance(tenant)) == before
