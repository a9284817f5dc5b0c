"""What tests begin with: a tenant with a plan and a filled wallet, a key, an accepted generation.

Everything goes through the services that the product uses. Tests share one database, so each makes its own tenant;
`queue_clear` is for tests that claim, since a claim looks at all tenants.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connections
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.authentication.principal import principal_of
from accounts.keys.services import api_key_create
from accounts.models import ApiKey, OperatorRole, Tenant
from accounts.operators.services import operator_key_create
from accounts.tenants.services import tenant_create
from billing.models import Plan
from billing.plans.services import plan_ensure, tenant_open
from billing.wallets.services import wallet_top_up
from cavendish.db.router import acting_as
from generations.accept.funnel import generation_admit
from generations.accept.submission import JobOwner, JobTerms
from generations.batches.accept import BatchRequest, batch_of_items
from generations.batches.source import file_mapped, list_spans
from generations.models import Batch, Priority
from generations.prompt_templates.selectors import template_finder
from generations.request import request_parse

FLASH = "gemini-3.1-flash-image"
PRO = "gemini-3-pro-image"


@cache
def standard_plan() -> Plan:
    with acting_as("operator"):
        return plan_ensure(slug="standard", name="Standard")


def make_tenant(*, balance: Decimal | int | str = 100, plan: Plan | None = None, **settings: Any) -> Tenant:
    """A tenant that may submit at once. `settings` are fields of Tenant; `balance` in USD, 0 for an empty wallet."""
    with acting_as("operator"):
        name = settings.pop("slug", f"t-{secrets.token_hex(6)}")
        accepted = {"policy_version": "2026-11", "policy_accepted_at": timezone.now()}
        tenant = tenant_create(slug=name, name=name.title(), **{**accepted, **settings})
        tenant_open(tenant=tenant, plan=plan or standard_plan())
        if Decimal(balance):
            wallet_top_up(tenant_id=tenant.id, amount=Decimal(balance), reason="Test", actor=SYSTEM)
    return tenant


def make_key(tenant: Tenant, *, livemode: bool = True, scopes: Sequence[str] | None = None) -> tuple[ApiKey, str]:
    """The row and the secret that goes into `Authorization: Bearer …`."""
    with acting_as("operator"):
        return api_key_create(tenant_id=tenant.id, name="Test key", livemode=livemode, scopes=scopes)


def make_operator_key(name: str = "Test operator key", role: OperatorRole = OperatorRole.FULL) -> str:
    """The secret of a fresh operator key."""
    with acting_as("operator"):
        return operator_key_create(name=name, role=role)[1]


@cache
def key_of(tenant_id: UUID, livemode: bool) -> UUID:
    with acting_as("operator"):
        row, _ = api_key_create(tenant_id=tenant_id, name="Factory key", livemode=livemode)
    return row.id


def submit_generation(
    tenant: Tenant,
    prompt: str = "a cat",
    *,
    key_id: UUID | None = None,
    member_id: UUID | None = None,
    livemode: bool = True,
    priority: Priority = Priority.INTERACTIVE,
    ends_in: float | None = None,
    cancel_after: float | None = None,
    **body: Any,
) -> UUID:
    """An accepted generation, queued. `body` is the rest of the request, for example `model` or `response_format`."""
    with tempfile.TemporaryDirectory(prefix="cavendish-inputs-") as spool:
        (made,) = generation_admit(
            request_parse(
                {"model": FLASH, "input": prompt, **body},
                templates=template_finder(tenant_id=tenant.id, livemode=livemode),
            ),
            spool=Path(spool),
            owner=JobOwner(tenant.id, key_id or key_of(tenant.id, livemode), member_id, livemode),
            terms=JobTerms(priority=priority, deadline=ends_in, cancel_after=cancel_after),
        )
        return made.id


def make_batch(tenant: Tenant, *requests: Any, livemode: bool = True, secret: str | None = None) -> Batch:
    """A native batch that waits to be fed; a string stands for a request with that prompt. `secret` is its key's."""
    items = [{"request": {"model": FLASH, "input": it} if isinstance(it, str) else it} for it in requests]
    who = principal_of(secret or make_key(tenant, livemode=livemode)[1])
    assert who is not None
    with tempfile.TemporaryDirectory(prefix="cavendish-batch-") as spool:
        body = Path(spool) / "body"
        body.write_text(json.dumps(items))
        with file_mapped(body) as text:
            spans = list_spans(text, 0, len(text), pointer="/items")
        return batch_of_items(who=who, batch_request=BatchRequest(Batch.Dialect.NATIVE), body=body, spans=spans)


def queue_clear() -> None:
    """Ends what other tests left queued or running, and forgets their workers, so that only one's own is claimed."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM generations_worker")
        cursor.execute("UPDATE generations_generation SET status = 'queued', worker = NULL WHERE status = 'running'")
        cursor.execute(
            """SELECT generation_finish_unrun(tenant_id, id, 'canceled', NULL, 'cleared')
               FROM generations_generation WHERE status = 'queued' AND id IN (SELECT generation_id FROM billing_hold)"""
        )
        cursor.execute(
            """UPDATE generations_batch SET status = 'canceling', cancel_requested_at = now()
               WHERE status IN ('queued', 'running', 'canceling')"""
        )
        cursor.execute(
            """SELECT batch_items_finish(tenant_id, id, 'canceled', NULL) FROM generations_batch
               WHERE status = 'canceling'"""
        )
        cursor.execute(
            """UPDATE generations_batch SET status = 'canceled', finished_at = coalesce(finished_at, now())
               WHERE status = 'canceling'"""
        )
        # rows that tests of other things wrote by hand
        cursor.execute("UPDATE generations_generation SET status = 'canceled' WHERE status = 'queued'")
