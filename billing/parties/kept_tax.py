"""The tax that prepaid wallets keep back: at which rate follows from profiles and companies (`tax_keeping`)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import DecimalField, F, Func

from billing.models import Wallet
from cavendish.db.call import call
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias

KEEPING = Func(F("tenant_id"), function="tax_keeping", output_field=DecimalField(max_digits=7, decimal_places=4))
AT_ONCE = 5000


def kept_tax_follow() -> int:
    """Sets the rate of each wallet whose profile or company says another one; returns how many.

    Whoever changes a company calls it after the commit, so that no transaction locks the wallets of all its tenants;
    the scheduler calls it for what was left.
    """
    with acting_as("operator"):
        others = Wallet.objects.filter(livemode=True).exclude(tax_rate=KEEPING)
        tenants = list(others.order_by("tenant_id").values_list("tenant_id", flat=True)[:AT_ONCE])
        return each_done(tenants, _follow, name="kept_tax_follow")


def _follow(tenant_id: UUID) -> int:
    with transaction.atomic(using=current_alias()):
        call("wallet_tax_refresh", tenant_id)
    return 1
