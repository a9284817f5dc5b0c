"""Notices days that are out of a pattern, and says so: an event for each, a mail a day for each tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.members.languages import tenant_language
from accounts.models import ApiKey, Tenant
from billing.anomalies.letters import anomaly_letter
from billing.anomalies.metrics import UNUSUAL
from billing.anomalies.selectors import (
    OutOfPattern,
    minimum_of,
    out_of_pattern,
    tenants_out_of_pattern,
    tenants_to_look_at,
)
from billing.forecasts.selectors import today_of
from billing.invoices.mails import recipients
from billing.models import UsageAnomaly, Wallet
from billing.money import amount_text
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias
from cavendish.events.services import event_add
from cavendish.mail.services import mail_queue

EVENT = "usage.anomaly"


def anomalies_watch(*, now: datetime | None = None) -> int:
    """Notes what is out of its pattern on the days that run; returns how many it noted. The scheduler calls it."""
    least = Decimal(settings.ANOMALY_MINIMUM)
    if not least:
        return 0
    moment = now or timezone.now()
    with acting_as("operator"):
        count = each_done(
            tenants_to_look_at(moment, least=least),
            lambda tenant_id: _look(tenant_id, least, moment),
            name="anomalies_watch",
        )
        unusual = len(tenants_out_of_pattern(moment))
    call("gauge_set", "tenants_unusual", Decimal(unusual), using="system")
    UNUSUAL.set(unusual)
    return count


def _look(tenant_id: UUID, least: Decimal, now: datetime) -> int:
    tenant = Tenant.objects.get(id=tenant_id)
    day = today_of(tenant, now=now)
    currency = Wallet.objects.values_list("currency", flat=True).get(tenant_id=tenant_id, livemode=True)
    found = out_of_pattern(tenant, day=day, minimum=minimum_of(currency, least))
    known = set(UsageAnomaly.objects.filter(tenant_id=tenant_id, billing_date=day).values_list("api_key_id", flat=True))
    if not (new := [one for one in found if one.api_key_id not in known]):
        return 0
    return _note(tenant, day, currency, new)


def _note(tenant: Tenant, day: date, currency: str, found: Sequence[OutOfPattern]) -> int:
    """Writes what nobody else has written meanwhile, with its events and, the first time of a day, a mail."""
    with transaction.atomic(using=current_alias()):
        Wallet.objects.select_for_update(of=("self",)).get(tenant_id=tenant.id, livemode=True)
        earlier = UsageAnomaly.objects.filter(tenant_id=tenant.id, billing_date=day)
        known = set(earlier.values_list("api_key_id", flat=True))
        new = [one for one in found if one.api_key_id not in known]
        to = recipients(tenant.id) if new and not known else []
        for one in new:
            UsageAnomaly.objects.create(
                tenant_id=tenant.id, billing_date=day, api_key_id=one.api_key_id, used=one.used,
                usual=one.pattern.usual, limit=one.pattern.limit, currency=currency, mailed_to=to,
            )  # fmt: skip
            event_add(
                tenant_id=tenant.id,
                subject=one.api_key_id or tenant.id,
                type=EVENT,
                data={
                    "day": f"{day}",
                    "key_id": ids.encode(ids.API_KEY, one.api_key_id) if one.api_key_id else None,
                    "used": amount_text(one.used),
                    "usual": amount_text(one.pattern.usual),
                    "limit": amount_text(one.pattern.limit),
                    "currency": currency,
                },
            )
        if to:
            names = dict(ApiKey.objects.filter(tenant_id=tenant.id).values_list("id", "name"))
            letter = partial(anomaly_letter, tenant=tenant.name, day=day, currency=currency, found=new, names=names)
            mail_queue(to=to, letter=letter, language=tenant_language(tenant.id), tenant_id=tenant.id)
    return len(new)
