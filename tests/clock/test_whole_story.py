"""The life of a paying tenant on a moved clock: card, top-ups, e-invoice, a failed charge, dunning, and one number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest
from facturx import get_xml_from_pdf

from tests.billing.invoices.validation import cii_faults, ubl_faults
from tests.billing.providers.payers import WEBHOOK, told
from tests.billing.providers.stripe_http import served
from tests.billing.providers.stripe_server import StripeServer
from tests.clock.test_living import START, YEAR, Trial, until
from tests.services import Running

pytestmark = pytest.mark.slow

PARTS = {"line1": "Weg 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}
COMPANY = {
    "name": "Cavendish Pictures GmbH", "address": "Weg 1\n10115 Berlin\nGermany", "postal_address": PARTS,
    "tax_id": "DE123456789", "email": "billing@example.com", "phone": "+49 30 123456",
    "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "invoice_prefix": "EX-{year}-", "is_default": True,
}  # fmt: skip
DECEMBER, JANUARY = f"{YEAR}-12", f"{YEAR + 1}-01"
SPAN = f"from={DECEMBER}-01&to={JANUARY}-01"
ADDRESS = "books@buyer.example.com"


@pytest.fixture
def site() -> Iterator[tuple[StripeServer, Trial]]:
    """A platform on a moved clock whose payment provider is the stand-in."""
    stripe = StripeServer()
    with served(stripe) as url:
        running = Running(
            {
                "CAVENDISH_CLOCK": START.isoformat(),
                "WORKERS": "1",
                "PAYMENTS": "stripe",
                "STRIPE_SECRET_KEY": stripe.key,
                "STRIPE_API_BASE": url,
                "STRIPE_WEBHOOK_SECRET": stripe.secret,
            }
        )
        yield stripe, Trial(running)
        running.remove()


class Buyer:
    """A tenant that is created today: prepaid, with VAT, a base fee of 60.00 and dunning by its plan."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        terms = {"base_fee": "60.00", "dunning": {"remind_after_days": [3], "suspend_after_days": 10}}
        trial.write("/plans", {"slug": "buyers", "name": "Buyers", **terms})
        self.id = trial.write("/tenants", {"slug": "buyer", "name": "Buyer", "plan": "buyers"})["id"]
        profile = {
            "postal_address": PARTS, "tax_rate": "19", "tax_label": "VAT", "emails": [ADDRESS],
            "buyer_reference": "04011000-12345-34", "payment_terms_days": 7,
        }  # fmt: skip
        trial.write(f"/tenants/{self.id}/billing-profile", profile, "PATCH")
        policy = trial.read("/tenant")["policy"]["version"]
        trial.write(f"/tenants/{self.id}/policy-acceptance", {"version": policy, "accepted_by": "Ada"})
        scopes = ["generate", "read", "files", "billing"]
        key = {"name": "Key", "livemode": True, "scopes": scopes}
        self.key = trial.write(f"/tenants/{self.id}/keys", key)["secret"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.trial.call(self.key, method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def read(self, path: str) -> Any:
        return self.ask("GET", path)

    def rows(self, path: str) -> list[dict[str, str]]:
        answer = self.trial.call(self.key, "GET", path)
        assert answer.is_success, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))

    def amount(self, name: str) -> Decimal:
        return Decimal(self.read("/wallet")[name])

    def pays_with(self, token: str) -> None:
        card = self.ask("POST", "/payment-methods", {"token": token})
        self.ask("PATCH", f"/payment-methods/{card['id']}", {"default": True})

    def picture(self) -> Any:
        return self.trial.picture(key=self.key)


def test_from_the_first_card_to_the_last_number(site: tuple[StripeServer, Trial]) -> None:
    stripe, trial = site
    trial.write("/legal-entities", COMPANY)
    buyer = Buyer(trial)

    # pays by card: booked when the provider says so
    buyer.pays_with("pm_card_visa")
    top_up = buyer.ask("POST", "/wallet/top-ups", {"amount": "1.00"})
    body, headers = stripe.signed(told(stripe, "payment_intent.succeeded"))
    webhook = f"{trial.running.url}{WEBHOOK}"
    assert httpx.post(webhook, content=body, headers=headers, timeout=60).status_code == 200
    until(lambda: buyer.read(f"/wallet/top-ups/{top_up['id']}")["status"] == "succeeded", 60)
    assert buyer.amount("balance") == 1

    # runs out, with its tax kept back
    made = 0
    while (answer := buyer.picture()).status_code == 200:
        made += 1
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_balance")
    assert made in range(1, 13)
    assert buyer.amount("tax_kept") > 0

    # is topped up automatically, once
    terms = {"enabled": True, "threshold": "0.50", "amount": "2.00", "monthly_limit": "2.00"}
    buyer.ask("PATCH", "/wallet/auto-top-up", terms)
    until(lambda: buyer.amount("available") > 1, 60)
    assert buyer.picture().status_code == 200
    made += 1

    # the month ends; the fee is more than the balance, and the card fails
    buyer.pays_with("pm_card_chargeCustomerFail")
    trial.advance(f"{JANUARY}-01T07:00:00Z")
    invoice = until(lambda: next((row for row in buyer.read("/invoices")["data"] if row["number"]), None), 60)
    assert (invoice["number"], invoice["status"]) == (f"EX-{YEAR + 1}-000001", "finalised")
    assert invoice["tax"]["amount"] != "0.00"
    left = Decimal(invoice["amount_left"])
    assert left > 0

    # the e-invoice validates, in both syntaxes
    paper = trial.call(buyer.key, "GET", f"/invoices/{invoice['id']}.pdf").content
    assert cii_faults(get_xml_from_pdf(paper, check_xsd=False)[1]) == []
    assert ubl_faults(trial.call(buyer.key, "GET", f"/invoices/{invoice['id']}.xml").content) == []

    # the charge fails, and what follows is by the plan: reminded, live keys stopped
    failed = f"/tenants/{buyer.id}/provider-payments"
    until(lambda: "failed" in {row["status"] for row in trial.call(trial.operator, "GET", failed).json()["data"]}, 60)
    trial.advance(f"{JANUARY}-12T12:00:00Z")
    mails = trial.running.data_dir / "mail"
    until(lambda: any("reminder" in path.read_text().lower() for path in mails.iterdir()), 60)
    assert buyer.read(f"/invoices/{invoice['id']}")["status"] == "overdue"
    trial.advance(f"{JANUARY}-19T12:00:00Z")
    until(lambda: buyer.read("/tenant")["payment_suspended_at"], 60)
    assert (stopped := buyer.picture()).status_code == 403, stopped.text

    # finance finds one number in eight places
    jobs = buyer.read("/generations?limit=100")["data"]
    number = sum(Decimal(job["charge"]["amount"]) for job in jobs)
    assert len(jobs) == made
    assert number > 0
    usage = buyer.read(f"/usage?{SPAN}")
    operators = trial.call(trial.operator, "GET", f"/usage?{SPAN}&tenant_id={buyer.id}").json()
    journal = [row for row in buyer.rows(f"/journal.csv?{SPAN}") if row["kind"] == "charge"]
    found = {
        "usage": Decimal(usage["totals"]["amount"]),
        "usage of the operator": Decimal(operators["totals"][0]["amount"]),
        "usage.csv": sum(Decimal(row["amount"]) for row in buyer.rows(f"/usage.csv?{SPAN}")),
        "records.csv": sum(Decimal(row["amount"]) for row in buyer.rows(f"/usage/records.csv?{SPAN}")),
        "ledger.csv": -sum(Decimal(row["amount"]) for row in buyer.rows("/ledger.csv?kind=charge")),
        "journal.csv": sum(Decimal(row["credit"] or 0) for row in journal),
        "invoice": sum(Decimal(line["exact_amount"]) for line in invoice["lines"] if line["type"] == "usage"),
        "statement": -Decimal(buyer.read(f"/wallet/statement?month={DECEMBER}")["totals"]["charge"]),
    }
    assert found == dict.fromkeys(found, number)
    trial.running.manage("reconcile")  # it would not end with 0 if anything differed
    assert len(stripe.all("payment_intent")) >= 3
