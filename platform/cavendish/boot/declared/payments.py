"""Settings of the section "Payments" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import HttpUrl
from cavendish.boot.declared.kinds import Choice, Listed, Text
from cavendish.boot.declared.setting import Process, Setting

SECTION = "Payments"
PAID = (Process.WEB, Process.SCHEDULER)
SETTINGS = [
    Setting(
        name="PAYMENTS",
        kind=Choice(("none", "stripe")),
        default="none",
        about="Who takes tenants' money: none or stripe",
        meaning="Who takes tenants' money: `none` (people transfer it, and operators book it) or `stripe`",
        read_by=PAID,
    ),
    Setting(
        name="STRIPE_SECRET_KEY",
        kind=Text("a key like sk_live_…, or a restricted one like rk_live_…"),
        about="Stripe's secret key",
        meaning=(
            "Stripe's secret key. A restricted one needs to write customers, payment methods, payment intents and "
            "Checkout sessions, and to read events, refunds, charges and disputes"
        ),
        read_by=PAID,
        is_secret=True,
    ),
    Setting(
        name="STRIPE_WEBHOOK_SECRET",
        kind=Listed(Text(), "secrets like whsec_…, separated by commas"),
        about="What Stripe signs webhooks with",
        meaning="What Stripe signs webhooks with. Several while one follows another",
        read_by=PAID,
        is_secret=True,
    ),
    Setting(
        name="STRIPE_API_BASE",
        kind=HttpUrl("an address like https://api.stripe.com"),
        default="https://api.stripe.com",
        about="Where Stripe's API is",
        meaning="Where Stripe's API is; for a stand-in in tests",
        read_by=PAID,
    ),
]
