"""Money of the payment provider that is not in the books: seen, tried again, set aside with a note."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from accounts.models import AuditEvent, OperatorRole
from billing.models import ProviderEvent
from billing.provider_payments.watch import provider_watch
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.admin.acting import act, act_done
from tests.billing.invoices.helpers import spend
from tests.billing.providers.payers import deliver, payer, poll, stripe_set, told
from tests.billing.providers.stripe_server import StripeServer
from tests.billing.providers.test_unbooked import breaks, in_another_currency
from tests.people.visitors import Visitor, person, shown

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture
def stripe(django_db_setup: None) -> Iterator[StripeServer]:
    with stripe_set() as server:
        yield server


def test_a_payment_in_another_currency_is_seen_and_set_aside(operator: Visitor, stripe: StripeServer) -> None:
    who = in_another_currency(stripe)
    payment = who.payments[0]
    page = f"/admin/payments/{ids.encode(ids.PROVIDER_PAYMENT, payment.id)}/"
    listed = shown(operator.get(f"/admin/payments/?state=stuck&tenant={who.tenant.slug}"))
    for text in (page, "it came in another currency", "€18.40", "$20.00", "cannot be booked"):
        assert text in listed, text
    first = shown(operator.get(page))
    for text in ("€18.40 came and is not booked", who.tenant.name, payment.reference, "payment_intent.succeeded"):
        assert text in first, text
    # what the provider says is asked for on the page, and by a link where no script runs
    for path in (f"{page}says/", f"{page}?ask=1"):
        assert "€18.40" in shown(operator.get(path)), path
    stripe.fail(r"/v1/payment_intents/\w+", "before")
    assert "It says nothing now" in shown(operator.get(f"{page}says/"))

    asked = shown(operator.get(f"{page}set-aside/"))
    assert who.tenant.name in asked
    assert "never booked by itself" in asked
    assert act(operator, f"{page}set-aside/", note="").status_code == 422
    done = act_done(operator, f"{page}set-aside/", note="Booked by hand as $20.00")
    assert "Booked by hand as $20.00" in done
    assert f"{page}retry/" not in done  # nothing is left to decide
    assert page not in shown(operator.get(f"/admin/payments/?state=stuck&tenant={who.tenant.slug}"))
    assert "The operator of this platform closed it." in shown(
        operator.get(f"/admin/payments/?tenant={who.tenant.slug}")
    )
    with acting_as("operator"):
        event = AuditEvent.objects.get(action="payment.set_aside", target_id=payment.id.hex)
    assert event.after["reason"] == "Booked by hand as $20.00"
    said = shown(operator.get(f"/admin/audit/?target={payment.id.hex}"))
    assert "set aside a payment of" in said
    assert operator.get(f"/admin/search?q={ids.encode(ids.PROVIDER_PAYMENT, payment.id)}").headers["Location"] == page


def test_an_event_that_waits_is_tried_again_or_set_aside(
    operator: Visitor, stripe: StripeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = payer()
    who.save("pm_sepa")
    who.top_up("30.00")
    stripe.settle(stripe.one("payment_intent")["id"])
    breaks(monkeypatch, who)
    event = told(stripe, "payment_intent.succeeded")
    deliver(stripe, event)
    address = f"/admin/payments/events/{event['id']}/"
    listed = shown(operator.get("/admin/payments/events/?state=failing"))
    for text in (f"{address}retry/", f"{address}set-aside/", "a mistake of this platform (ValueError)"):
        assert text in listed, text
    page = shown(operator.get(f"/admin/payments/{ids.encode(ids.PROVIDER_PAYMENT, who.payments[0].id)}/"))
    assert "The platform failed to book it (ValueError)" in page
    assert "The event is tried again." in act_done(operator, f"{address}retry/")
    assert who.tenant.name in shown(operator.get(f"{address}set-aside/"))
    act_done(operator, f"{address}set-aside/", note="Booked by hand")
    assert "Booked by hand" in shown(operator.get("/admin/payments/events/?state=set_aside"))
    with acting_as("operator"):
        row = ProviderEvent.objects.get(reference=event["id"])
    assert (row.state, row.set_aside_note) == ("set_aside", "Booked by hand")
    assert operator.get("/admin/payments/events/evt_none/retry/").status_code == 404


def test_who_may_not_book_sees_and_does_not_act(stripe: StripeServer) -> None:
    who = in_another_currency(stripe)
    page = f"/admin/payments/{ids.encode(ids.PROVIDER_PAYMENT, who.payments[0].id)}/"
    support = person(operator=True, role=OperatorRole.SUPPORT)
    support.sign_in()
    assert f"{page}set-aside/" not in shown(support.get(page))
    assert support.post(f"{page}set-aside/", note="x", confirm="1").status_code == 403
    assert who.payments[0].set_aside_at is None


def test_what_is_owed_is_shown_as_a_sum(operator: Visitor, stripe: StripeServer) -> None:
    who = payer()
    who.save()
    who.top_up("1.00")
    spend(who.tenant)
    left = who.balance
    stripe.dispute(stripe.one("payment_intent")["id"])
    poll()
    page = f"/admin/payments/{ids.encode(ids.PROVIDER_PAYMENT, who.payments[0].id)}/"
    first = shown(operator.get(page))
    for text in ("Taken back by the provider", "Taken from the wallet", "is owed"):
        assert text in first, text
    done = act_done(operator, f"{page}set-aside/", note="Paid by transfer")
    assert "Waived" in done
    assert Decimal(1) - left == who.payments[0].waived


def test_the_front_page_says_what_is_not_booked(operator: Visitor, stripe: StripeServer) -> None:
    in_another_currency(stripe)
    poll()
    provider_watch()
    page = shown(operator.get("/admin/"))
    assert "Payment provider" in page
    assert "not booked" in page
    assert 'last event <time class="num"' in page  # its markup is none of the text
