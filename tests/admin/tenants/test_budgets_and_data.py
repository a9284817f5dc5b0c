"""A tenant's budgets, legal holds, guard rules, templates and exports from its page."""

from __future__ import annotations

import re
from decimal import Decimal

from accounts.models import OperatorRole, Tenant
from billing.models import Budget
from cavendish.above.tenant_data.models import Export
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import GuardRule, LegalHold
from tests.accounts.people import audited
from tests.admin.acting import act, act_done
from tests.factories import make_key, make_tenant
from tests.people.visitors import Visitor, person, shown


def page_of(tenant: Tenant) -> str:
    return f"/admin/tenants/{ids.encode(ids.TENANT, tenant.id)}/"


def budgets(tenant: Tenant) -> list[Budget]:
    with acting_as("operator"):
        return list(Budget.objects.filter(tenant=tenant, deleted_at=None).order_by("created_at"))


def test_a_budget_is_set_changed_and_removed(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    key, _secret = make_key(tenant)
    new = f"{page_of(tenant)}set-budget/"
    terms = {"scope": "tenant", "period": "month", "metric": "money", "mode": "live", "hard": "on"}
    act_done(operator, new, **terms, limit="1,500.50", alerts="80, 100")
    of_key = {**terms, "scope": ids.encode(ids.API_KEY, key.id), "metric": "images", "period": "day"}
    act_done(operator, new, **of_key, limit="1,000")
    first, second = budgets(tenant)
    assert (first.scope, first.limit, first.alerts, first.set_by_operator) == (
        "tenant",
        Decimal("1500.5"),
        [80, 100],
        True,
    )
    assert (second.scope, second.scope_id, second.limit) == ("key", key.id, Decimal(1000))
    for values, why in (
        ({**terms, "limit": "many"}, "limit"),
        ({**of_key, "limit": "1.5"}, "whole number of images"),
        ({**terms, "limit": "5", "alerts": "80, 80"}, "name each percentage once"),
        ({**terms, "limit": "5", "alerts": "101"}, "101"),
    ):
        refused = act(operator, new, **values)
        assert (refused.status_code, why in shown(refused)) == (422, True), why
    change = f"{page_of(tenant)}change-budget/{ids.encode(ids.BUDGET, first.id)}/"
    assert change in shown(operator.get(page_of(tenant)))
    seen = shown(operator.post(change, limit="200", alerts="", confirm="1"))
    assert re.search(r'Limit</th><td class="r">1,500.50</td><td class="r"><b>200.00</b>', seen)
    assert budgets(tenant)[0].limit == Decimal("1500.5")
    act_done(operator, change, limit="200", alerts="")
    now = budgets(tenant)[0]
    assert (str(now.limit), now.hard, list(now.alerts)) == ("200.000000000", False, list[int]())
    act_done(operator, f"{page_of(tenant)}remove-budget/{ids.encode(ids.BUDGET, first.id)}/")
    assert budgets(tenant) == [second]
    stranger = make_tenant(balance=0)
    address = f"{page_of(stranger)}remove-budget/{ids.encode(ids.BUDGET, second.id)}/"
    assert operator.get(address).status_code == 404
    actions = [event.action for event in audited(tenant.id) if event.action.startswith("budget.")]
    assert actions == ["budget.created", "budget.created", "budget.changed", "budget.deleted"]


def test_a_legal_hold_is_set_from_the_tenants_page(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    act_done(operator, f"{page_of(tenant)}legal-hold/", reason="Case 9")
    with acting_as("operator"):
        assert LegalHold.objects.get(tenant=tenant, released_at=None).reason == "Case 9"
    page = shown(operator.get(page_of(tenant)))
    assert f'/admin/storage/legal-holds/?tenant={tenant.slug}">1 in force' in page


def test_rules_on_one_tenant(operator: Visitor) -> None:
    tenant, other = make_tenant(balance=0), make_tenant(balance=0)
    rules = f"{page_of(tenant)}guard-rules/"
    act_done(operator, f"{rules}new/words/", words="blood")
    with acting_as("operator"):
        row = GuardRule.objects.get(tenant=tenant)
    assert (row.words, row.set_by_operator) == (["blood"], True)
    public = ids.encode(ids.GUARD_RULE, row.id)
    page = shown(operator.get(rules))
    assert ("refuses blood" in page, f"{rules}{public}/off/" in page) == (True, True)
    assert "1 rule" in shown(operator.get(page_of(tenant)))
    assert operator.get(f"{page_of(other)}guard-rules/{public}/off/").status_code == 404
    finance = person(operator=True, role=OperatorRole.FINANCE)
    finance.sign_in()
    assert f"{public}/off/" not in shown(finance.get(rules))
    assert finance.post(f"{rules}{public}/off/", confirm="1").status_code == 403
    act_done(operator, f"{rules}{public}/off/")
    with acting_as("operator"):
        assert not GuardRule.objects.get(id=row.id).enabled
    act_done(operator, f"{rules}{public}/delete/")
    assert "Only the rules on all tenants hold for it." in shown(operator.get(rules))


def test_exports_say_how_far_they_are(operator: Visitor) -> None:
    tenant = make_tenant(balance=0)
    assert "archive of all that the tenant has" in shown(operator.get(f"{page_of(tenant)}exports/"))
    with acting_as("operator"):
        Export.objects.create(
            tenant=tenant, status="ready", bytes=2_000_000, entries=12, missing=["a"], requested_by="Ada"
        )
    page = shown(operator.get(f"{page_of(tenant)}exports/"))
    for text in ("Ready", "2.00\u00a0MB", "Ada", '<b class="bad">1</b>'):
        assert text in page, text
    assert "ready, 2.00\u00a0MB" in shown(operator.get(page_of(tenant)))
    assert "Prompt templates" in shown(operator.get(f"{page_of(tenant)}templates/"))
