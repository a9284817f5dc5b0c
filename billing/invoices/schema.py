"""Shapes of invoices for OpenAPI. They describe what `billing.invoices.representation` writes."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.models import Invoice as Row
from billing.models import InvoiceLine as Line
from billing.models import Tier, Unit
from billing.parties.schema import PostalAddress
from cavendish.http.schema import Page

STATUS = OpenApiParameter(
    "status",
    OpenApiTypes.STR,
    enum=[*Row.Status.values, "overdue"],
    description="`finalised` are all that wait for money; `overdue` those of them past their day.",
)
MONTH = OpenApiParameter("month", OpenApiTypes.STR, description="Like 2026-11.")
NUMBER = OpenApiParameter("number", OpenApiTypes.STR)
TENANT = OpenApiParameter("tenant_id", OpenApiTypes.STR, description="For operators: whose.")
COINS = "With the places of the currency's coins."


class Period(s.Serializer[object]):
    starts_on = s.DateField()
    ends_on = s.DateField(help_text="Its last day.")
    timezone = s.CharField()


class Issuer(s.Serializer[object]):
    name = s.CharField()
    address = s.CharField()
    postal_address = PostalAddress(allow_null=True)
    tax_id = s.CharField()
    email = s.CharField()
    phone = s.CharField()
    iban = s.CharField()
    bic = s.CharField()
    bank_details = s.CharField(help_text="Where to pay to; empty where the operator set none.")


class Customer(s.Serializer[object]):
    name = s.CharField()
    address = s.CharField()
    postal_address = PostalAddress(allow_null=True)
    tax_id = s.CharField()
    email = s.CharField(help_text="Where the invoice goes.")
    reference = s.CharField()
    buyer_reference = s.CharField()
    tax_category = s.CharField()


class InvoiceLine(s.Serializer[object]):
    number = s.IntegerField()
    type = s.ChoiceField(choices=Line.Type.choices)
    description = s.CharField()
    model = s.CharField(allow_null=True)
    image_size = s.CharField(allow_null=True)
    kind = s.CharField(allow_null=True, help_text="Of usage; of a credit where it came from: grant or plan.")
    tier = s.ChoiceField(choices=list(Tier.values), allow_null=True, help_text="Of usage: batch for items of batches.")
    images = s.IntegerField(help_text="Pictures that came with it.")
    quantity = s.IntegerField(help_text="Of usage: tokens, queries or pictures, as the `unit` has them.")
    unit = s.CharField(allow_null=True, help_text=f"What the unit price is for: {', '.join(Unit.values)}.")
    unit_price = s.CharField(allow_null=True, help_text="Null where nothing is sold by a unit: credits, corrections.")
    exact_amount = s.CharField(help_text="Nine places: what its generations sum to.")
    amount = s.CharField(
        help_text="Rounded once, half away from zero, to the currency's coins: `quantity` × `unit_price` where the "
        "line has a unit, `exact_amount` elsewhere."
    )
    ledger_transaction_id = s.CharField(allow_null=True, help_text="Of an adjustment or a refund.")
    generations_url = s.CharField(allow_null=True)


class Exchanged(s.Serializer[object]):
    """The tax in the currency in which the issuer owes it, where the invoice has another one."""

    currency = s.CharField()
    rate = s.CharField(help_text="What one of the invoice's currency is in it.")
    rate_on = s.DateField()
    source = s.CharField()
    amount = s.CharField()


class Tax(s.Serializer[object]):
    label = s.CharField()
    rate = s.CharField(allow_null=True, help_text="Percent; null where no tax applies.")
    note = s.CharField(allow_null=True)
    base = s.CharField(help_text="What it is on: `net`. " + COINS)
    amount = s.CharField(help_text=COINS)
    exchanged = Exchanged(allow_null=True)


class Payment(s.Serializer[object]):
    """`amount` less `added_to_balance` is what it pays of the invoice, unless it was taken back."""

    id = s.CharField()
    object = s.CharField()
    method = s.CharField(help_text="`manual`, `balance`, or the name of a payment provider.")
    reference = s.CharField()
    amount = s.CharField(help_text="What came. " + COINS)
    added_to_balance = s.CharField(help_text="What came beyond what was left to pay. " + COINS)
    received_on = s.DateField()
    recorded_at = s.DateTimeField()
    reversed_at = s.DateTimeField(allow_null=True)
    reversal_reason = s.CharField(allow_null=True)


class Invoice(s.Serializer[object]):
    """Every field is always present. `net + tax = total = paid_from_balance + amount_due`."""

    id = s.CharField(allow_null=True, help_text="Null for a preview.")
    object = s.CharField()
    tenant_id = s.CharField()
    status = s.ChoiceField(
        choices=[*Row.Status.values, "overdue", "preview"],
        help_text="`overdue` is a final one with something left, once its last day to pay is over in its time zone.",
    )
    number = s.CharField(allow_null=True, help_text="Given when it is finalised; without gaps.")
    month = s.CharField()
    period = Period()
    currency = s.CharField()
    issued_on = s.DateField(allow_null=True)
    due_on = s.DateField(allow_null=True)
    refreshed_at = s.DateTimeField(help_text="When the lines were summed up.")
    finalised_at = s.DateTimeField(allow_null=True)
    paid_at = s.DateTimeField(allow_null=True)
    voided_at = s.DateTimeField(allow_null=True)
    void_reason = s.CharField(allow_null=True)
    replaces = s.CharField(allow_null=True, help_text="The void invoice in whose place it stands.")
    replaced_by = s.CharField(allow_null=True, help_text="Of a void one: the invoice in its place.")
    issuer = Issuer()
    customer = Customer()
    lines = InvoiceLine(many=True)
    exact_amount = s.CharField(help_text="The sum of the lines' exact amounts.")
    rounding = s.CharField(help_text="What rounding each line once makes: `net` less `exact_amount`.")
    net = s.CharField(help_text=COINS)
    tax = Tax()
    total = s.CharField(help_text=COINS)
    paid_from_balance = s.CharField(help_text=COINS)
    amount_due = s.CharField(help_text="When it was issued. " + COINS)
    amount_paid = s.CharField(help_text=COINS)
    amount_credited = s.CharField(help_text="What credit notes took back, with its tax. " + COINS)
    amount_credited_to_balance = s.CharField(
        help_text="The part of it that was paid before and went into the balance; the rest lowered what was due. "
        + COINS
    )
    amount_left = s.CharField(help_text="What is still to be paid. " + COINS)
    amount_creditable = s.CharField(
        help_text="What credit notes can still take back, before tax: without what they took and what was refunded."
    )
    payments = Payment(many=True)
    credit_notes = s.ListField(child=s.CharField())
    payment_url = s.CharField(allow_null=True, help_text="Where anybody who has the link pays what is due.")
    pdf_url = s.CharField(allow_null=True)
    xml_url = s.CharField(allow_null=True, help_text="The e-invoice; 409 where it lacks something.")
    cancellation_pdf_url = s.CharField(allow_null=True, help_text="Of a void one.")
    csv_url = s.CharField(allow_null=True)


class InvoicePage(Page):
    data = Invoice(many=True)


class LineGeneration(s.Serializer[object]):
    generation_id = s.CharField()
    billing_date = s.DateField()
    images = s.IntegerField()
    quantity = s.IntegerField()
    exact_amount = s.CharField()
    settled_at = s.DateTimeField()


class LineGenerationPage(Page):
    data = LineGeneration(many=True)


class DraftNew(s.Serializer[object]):
    month = s.CharField(help_text="Like 2026-11; it must be over in the tenant's time zone.")


class VoidBody(s.Serializer[object]):
    reason = s.CharField(max_length=300)


class SendBody(s.Serializer[object]):
    to = s.ListField(child=s.EmailField(), required=False, help_text="Without it, whom the profile names.")


class Sent(s.Serializer[object]):
    object = s.CharField()
    to = s.ListField(child=s.CharField())
