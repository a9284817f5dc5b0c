"""The audit log of a tenant: sentences, filters, a file, and no operator's name."""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import Any

from accounts.actor import Actor
from accounts.audit.services import audit_add
from accounts.models import AuditEvent, Role
from accounts.tenants.services import tenant_update_as_operator
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.console.colleagues import Team
from tests.console.settings.addresses import SETTINGS, done, page
from tests.factories import make_key, make_tenant
from tests.people.visitors import shown

OPERATOR = Actor("operator", None, "ada@operator.example", "198.51.100.7")


def test_what_people_do_reads_as_sentences(team: Team) -> None:
    owner = team.member()
    done(owner, "general/name/", name="Renamed")
    listed = page(owner, "audit/")
    assert "changed the settings" in listed
    assert owner.address in listed
    with acting_as("operator"):
        event = AuditEvent.objects.filter(tenant=team.tenant, action="tenant.changed").order_by("-id")[0]
    single = page(owner, f"audit/{ids.encode(ids.AUDIT_EVENT, event.id)}/")
    assert "Renamed" in single
    assert owner.email in single


def test_an_operator_is_not_named_nor_found_by_name(team: Team) -> None:
    owner = team.member()
    with acting_as("operator"):
        tenant_update_as_operator(tenant_id=team.tenant.id, changed={"concurrency_limit": 7}, actor=OPERATOR)
        event = AuditEvent.objects.filter(tenant=team.tenant, actor_kind="operator").order_by("-id")[0]
    pages = [
        page(owner, "audit/?kind=operator"),
        page(owner, f"audit/{ids.encode(ids.AUDIT_EVENT, event.id)}/"),
        owner.get(f"{SETTINGS}audit/csv/?kind=operator").content.decode(),
    ]
    assert "The operator" in pages[0]
    for text in pages:
        assert "ada@operator.example" not in text
        assert "198.51.100.7" not in text
    assert "Nothing matches these filters" in page(owner, "audit/?who=ada@operator")


def test_filters_and_the_file_agree(team: Team) -> None:
    owner = team.member()
    make_key(team.tenant)
    done(owner, "origins/frames/", frame_origins="https://www.example.com")
    assert "created the key" in page(owner, "audit/?about=api_key")
    assert "created the key" not in page(owner, "audit/?about=tenant")
    mine = page(owner, f"audit/?who={owner.email[:6]}")
    assert "created the key" not in mine
    answer = owner.get(f"{SETTINGS}audit/csv/?about=tenant&kind=person")
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert rows
    assert {(row["action"], row["actor"]) for row in rows} == {("tenant.changed", owner.email)}
    assert "https://www.example.com" in rows[0]["after"]
    assert owner.get(f"{SETTINGS}audit/csv/?about=nonsense").status_code == 302
    assert owner.get(f"{SETTINGS}audit/?since=yesterday").status_code == 400


def test_other_tenants_events_are_not_there(team: Team) -> None:
    other = Team(make_tenant())
    done(other.member(), "general/name/", name="Elsewhere")
    with acting_as("operator"):
        event = AuditEvent.objects.filter(tenant=other.tenant, action="tenant.changed")[0]
    owner = team.member()
    assert owner.get(f"{SETTINGS}audit/{ids.encode(ids.AUDIT_EVENT, event.id)}/").status_code == 404
    assert "Elsewhere" not in page(owner, "audit/")
    assert "Your role does not allow this" in shown(team.member(Role.VIEWER).get(f"{SETTINGS}audit/"))


def test_an_event_reads_without_codes(team: Team) -> None:
    owner = team.member()
    events: tuple[tuple[str, dict[str, Any]], ...] = (
        ("charge.resolved", {"note": "More than asked for", "flags": ["over_hold"], "adjustment": "0"}),
        ("invoice.payment_recorded", {"amount": "4.00", "to_balance": "0.000000000", "currency": "USD"}),
        ("api_key.created", {"name": "shop_front", "scopes": ["generate", "read", "billing"]}),
    )
    tenant_id = team.tenant.id
    with acting_as("operator"):
        for action, after in events:
            thing = action.partition(".")[0]
            audit_add(
                actor=OPERATOR, action=action, tenant_id=tenant_id, target=thing, target_id=tenant_id, after=after
            )
        event = AuditEvent.objects.filter(tenant=team.tenant, action="api_key.created").order_by("-id")[0]
    address = f"audit/{ids.encode(ids.AUDIT_EVENT, event.id)}/"
    listed = text_of(page(owner, "audit/"))
    assert "resolved a flagged charge, flags over hold “More than asked for”" in listed
    assert "recorded a payment 4.00 USD" in listed
    assert "to balance" not in listed
    single = text_of(page(owner, address))
    assert "Created the key" in single
    assert "shop_front" in single
    assert "Generate, Read, Billing" in single
    chinese = text_of(owner.get(f"{SETTINGS}{address}", **{"Accept-Language": "zh-CN"}).content.decode())
    assert "创建了密钥" in chinese
    assert "生成、读取、计费" in chinese


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).split())
