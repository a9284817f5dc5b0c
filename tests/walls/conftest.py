from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.audit.services import audit_add
from accounts.invitations.services import invitation_create
from accounts.keys.services import api_key_create
from accounts.members.services import membership_create
from accounts.models import IdempotencyKey, Role, SandboxDay, Tenant, WebhookAttempt, WebhookDelivery
from accounts.people.services import user_create
from accounts.webhooks.services import webhook_endpoint_create
from accounts.webhooks.signing_secret import signing_secret_rotate
from billing.charges.services import flagged_charge_resolve
from billing.credits.services import credit_grant
from billing.models import (
    Allowance,
    AllowanceUse,
    AutoTopUp,
    Budget,
    PaymentMethod,
    ProviderCustomer,
    ProviderPayment,
    UsageTag,
)
from billing.usage.services import usage_platform_refresh
from cavendish.above.tenant_data.models import Erasure, Export, ExportPart
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.mail.models import Mail
from generations.collections.services import collection_create, collection_output_add
from generations.holds.services import legal_hold_release, legal_hold_set
from generations.labels.services import generation_tag
from generations.models import (
    Batch,
    BatchItem,
    Derivative,
    File,
    GuardRule,
    PromptTemplate,
    PromptTemplateVersion,
    Upload,
    UpstreamCall,
)
from generations.services import share_link_create
from generations.upkeep.activity import activity_refresh
from tests.api.accounts import account, books, http, other, reader
from tests.factories import key_of, make_tenant, queue_clear, submit_generation
from tests.generations.helpers import claim, finish, register, succeeded
from tests.walls.invoices import invoiced

__all__ = ["account", "books", "http", "other", "reader"]


@dataclass(frozen=True)
class Filled:
    """A tenant with at least one row in every table."""

    tenant: Tenant
    ended: UUID
    waiting: UUID

    @property
    def id(self) -> UUID:
        return self.tenant.id


@pytest.fixture(scope="session")
def pair(django_db_setup: None) -> tuple[Filled, Filled]:
    return _filled(), _filled()


def paid_through_a_provider(tenant: Tenant) -> tuple[PaymentMethod, ProviderPayment]:
    """A saved card and a failed top-up by it, as if a provider had told of them."""
    known: dict[str, Any] = {"tenant_id": tenant.id, "provider": "stripe"}
    ProviderCustomer.objects.create(**known, reference=f"cus_{tenant.id.hex}")
    method = PaymentMethod.objects.create(**known, reference=f"pm_{tenant.id.hex}", type="card", is_default=True)
    payment = ProviderPayment.objects.create(
        **known, purpose="top_up", method=method, amount=1, currency="USD", status="failed", actor="test"
    )
    AutoTopUp.objects.create(tenant=tenant)
    return method, payment


def _filled() -> Filled:
    tenant = make_tenant()
    with acting_as("operator"):
        credit_grant(tenant_id=tenant.id, amount=Decimal(1), expires_at=None, reason="Test", actor=SYSTEM)
        user = user_create(email=f"{tenant.slug}@example.com", password="a-password-of-ours")
        membership_create(tenant=tenant, user=user, role=Role.OWNER)
        Budget.objects.create(
            tenant=tenant, scope="tenant", scope_id=tenant.id, period="month", metric="money", limit=5, alerts=[1]
        )
        File.objects.create(
            tenant=tenant, livemode=True, source="upload", mime_type="image/png", bytes=1, sha256="0" * 64,
            storage_key=f"tenants/{tenant.id.hex}/files/x",
        )  # fmt: skip
        now = timezone.now()
        month = Allowance.objects.create(tenant=tenant, month=now.date(), included=1, held=1)
        AllowanceUse.objects.create(tenant=tenant, allowance=month, generation_id=new_id(), held=1)
        UsageTag.objects.create(tenant=tenant, key="team")
        paid_through_a_provider(tenant)
        batch = Batch.objects.create(
            tenant=tenant, api_key_id=key_of(tenant.id, True), livemode=True, dialect="native", total=1,
            input_key=f"tenants/{tenant.id.hex}/batches/x", expires_at=timezone.now(),
        )  # fmt: skip
        BatchItem.objects.create(tenant=tenant, batch=batch, index=0, key="x", start=0, length=2)
        Upload.objects.create(id=new_id(), tenant=tenant, api_key_id=key_of(tenant.id, True), livemode=True, bytes=1)
        GuardRule.objects.create(
            tenant=tenant, type="words", words=["secret"], livemode=False, api_key_id=key_of(tenant.id, True)
        )
        SandboxDay.objects.create(tenant=tenant, day=date(2026, 11, 25))
        IdempotencyKey.objects.create(
            id=new_id(),
            tenant=tenant,
            digest=bytes(32),
            token=new_id(),
            leased_until=now,
            expires_at=now + timedelta(days=1),
        )
    webhook_endpoint_create(tenant_id=tenant.id, livemode=True, url="https://203.0.114.1/hook", events=["key.created"])
    signing_secret_rotate(tenant_id=tenant.id, livemode=True, actor=SYSTEM)
    api_key_create(tenant_id=tenant.id, name="One that a webhook tells of", livemode=True)
    with acting_as("operator"):
        delivery = WebhookDelivery.objects.get(tenant_id=tenant.id)
        # Ended: what waits is sent, or dropped, by the senders of other tests.
        WebhookDelivery.objects.filter(id=delivery.id).update(status="succeeded", finished_at=now)
        WebhookAttempt.objects.create(
            tenant_id=tenant.id, delivery_id=delivery.id, duration_ms=1, url="https://x.example"
        )
    invitation_create(tenant_id=tenant.id, email="somebody@example.com", role=Role.VIEWER, actor=SYSTEM)
    with tenant_context(tenant.id):
        audit_add(actor=SYSTEM, action="tenant.filled", tenant_id=tenant.id, target="tenant", target_id=tenant.id)
        Mail.objects.create(tenant_id=tenant.id, to=["somebody@example.com"], subject="Filled", status="sent")
    with acting_as("operator"):
        invoiced(tenant)
    with acting_as("operator"):
        export = Export.objects.create(tenant=tenant, status="expired")
        ExportPart.objects.create(tenant=tenant, export=export, number=0, storage_key="x", bytes=1)
        Erasure.objects.create(tenant=tenant, status="canceled", due_at=timezone.now())
    queue_clear()
    ended = submit_generation(tenant, metadata={"team": "red"})
    [job] = claim(register(), 1)
    result = succeeded(job)
    output = new_id()
    result["outputs"] = [
        {"id": str(output), "part": "output", "index": 0, "mime_type": "image/png", "width": 1, "height": 1,
         "bytes": 1, "sha256": "0" * 64, "tokens": 1120, "c2pa": False, "sandbox": True,
         "storage_key": f"tenants/{tenant.id.hex}/outputs/{output.hex}"}
    ]  # fmt: skip
    result["charge"]["flags"] = ["unknown_kind"]
    assert finish(job, result) == "ended"
    with acting_as("operator"):
        Derivative.objects.create(
            tenant=tenant, output_id=output, format="webp", requested_width=512, bytes=1, sha256="0" * 64,
            storage_key=f"tenants/{tenant.id.hex}/derived/{output.hex}/x.webp",
        )  # fmt: skip
        UpstreamCall.objects.create(
            tenant=tenant, generation_id=ended, attempt=1, number=1, kind="create", host="upstream.example",
            started_at=now, ended_at=now,
        )  # fmt: skip
        hold = legal_hold_set(tenant_id=tenant.id, generation_id=ended, reason="Test", actor=SYSTEM)
        legal_hold_release(tenant_id=tenant.id, hold_id=hold.id, actor=SYSTEM)
    collection = collection_create(tenant_id=tenant.id, livemode=True, name="Best")
    collection_output_add(tenant_id=tenant.id, collection_id=collection.id, output_id=output, livemode=True)
    assert generation_tag(tenant_id=tenant.id, generation_id=ended, livemode=True, tags=["Best"])
    assert share_link_create(tenant_id=tenant.id, generation_id=ended, livemode=True, expires_at=None)
    with tenant_context(tenant.id):
        template = PromptTemplate.objects.create(tenant_id=tenant.id, livemode=True)
        PromptTemplateVersion.objects.create(
            tenant_id=tenant.id, template=template, version=1, name="Cats", prompt="A [color] cat"
        )
    with acting_as("operator"):
        flagged_charge_resolve(
            tenant_id=tenant.id, generation_id=ended, note="Looked at", adjustment=Decimal(0), actor=SYSTEM
        )
    usage_platform_refresh()
    activity_refresh()
    return Filled(tenant, ended, submit_generation(tenant))
