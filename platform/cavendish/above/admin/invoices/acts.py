"""What operators do with an invoice: the API's own services, shown before they are booked."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from accounts.models import Tenant
from accounts.roles.operators import OperatorPermission
from billing.credit_notes.services import credit_note_issue, lines_left
from billing.fields import MOST_EMAILS
from billing.invoices.documents import invoice_resend
from billing.invoices.mails import recipients
from billing.invoices.selectors import FullInvoice
from billing.invoices.services import invoice_finalise, invoice_void, month_draft
from billing.models import Invoice
from billing.models import Payment as PaymentRow
from billing.payments.services import payment_from_balance, payment_record, payment_reverse
from cavendish.above.admin.bookings import BookingAct, Subject
from cavendish.above.admin.links import tenant_named
from cavendish.above.ui.acts import Act
from cavendish.above.ui.formats import day, money
from cavendish.above.ui.forms import AmountField, DayField
from cavendish.above.ui.invoices import group_label, line_label
from cavendish.above.ui.lists import FilterInvalid
from cavendish.above.ui.marks import facts, named, words


class InvoiceAct(Act):
    """`heading` has the invoice's number as `%s`, of a draft its month and tenant."""

    permission = OperatorPermission.MONEY
    heading: ClassVar[str | Promise] = ""

    def __init__(self, *args: Any, full: FullInvoice, **options: Any) -> None:
        self.full = full
        self.invoice = full.invoice
        super().__init__(*args, **options)

    @property
    def name(self) -> str:
        invoice = self.invoice
        month = date_format(invoice.month, gettext("F Y"))
        return invoice.number or gettext("the draft of %(month)s for %(tenant)s") % {
            "month": month, "tenant": invoice.tenant.name,
        }  # fmt: skip

    @property
    def title(self) -> str:
        return str(self.heading) % self.name

    def money(self, amount: Decimal) -> str:
        return money(amount, self.invoice.currency, digits=self.invoice.digits)


class InvoiceBooking(BookingAct, InvoiceAct):
    always: tuple[str, ...] = ("invoice.left",)

    def subject(self) -> Subject:
        return Subject(self.invoice.tenant_id, invoice_id=self.invoice.id)


class Finalise(InvoiceBooking):
    word, heading = _("Finalise"), _("Finalise %s")
    text = _("It gets its number and its day to pay, and the month is closed: what settles later is on the next one.")
    always = ("invoice.status", "invoice.total", "invoice.due", "wallet.balance")

    def book(self, actor: Actor) -> object:
        return invoice_finalise(invoice_id=self.invoice.id, actor=actor)

    def run(self, actor: Actor) -> str:
        result = invoice_finalise(invoice_id=self.invoice.id, actor=actor)
        if result["code"] != "finalised":
            return gettext("Nothing was used in this month: the draft is gone.")
        return gettext("%s is final. Its PDF is made within a minute.") % result["number"]


class Payment(InvoiceBooking):
    word, heading = _("Record payment"), _("Record a payment of %s")
    text = _(
        "Money that came in outside of the platform, by its bank reference. Parts may come one by one; what is more "
        "than is left goes into the balance."
    )
    always = ("invoice.left", "wallet.balance")

    amount = AmountField()
    received_on = DayField(label=_("Received on"), initial=lambda: date.today())
    reference = forms.CharField(
        label=_("Reference"), max_length=200, help_text=_("Of the bank statement. It is recorded once.")
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["amount"].label = gettext("Amount, %s") % self.invoice.currency
        self.fields["amount"].initial = money(self.full.settled.left, digits=self.invoice.digits)

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        if amount != round(amount, self.invoice.digits):
            raise ValidationError(gettext("%s has no smaller coins than these.") % self.invoice.currency)
        return amount

    def button(self) -> str:
        amount = getattr(self, "cleaned_data", {}).get("amount")
        return gettext("Record %s") % self.money(amount) if amount else str(self.word)

    def book(self, actor: Actor) -> object:
        values = self.cleaned_data
        return payment_record(
            invoice_id=self.invoice.id,
            amount=values["amount"],
            received_on=values["received_on"],
            reference=values["reference"],
            actor=actor,
        )

    def run(self, actor: Actor) -> str:
        self.book(actor)
        amount = self.money(self.cleaned_data["amount"])
        return gettext("%(amount)s recorded for %(number)s.") % {"amount": amount, "number": self.invoice.number}


class FromBalance(InvoiceBooking):
    word, heading = _("Pay from the balance"), _("Pay %s from the balance")
    text = _("As much as paid money is free. Credits, what is held and the credit limit pay no invoice.")
    always = ("invoice.left", "wallet.balance", "wallet.held", "wallet.credits", "wallet.free")

    def book(self, actor: Actor) -> Decimal:
        return payment_from_balance(invoice_id=self.invoice.id, actor=actor)

    def run(self, actor: Actor) -> str:
        amount = self.money(self.book(actor))
        return gettext("%(amount)s of %(number)s paid from the balance.") % {
            "amount": amount, "number": self.invoice.number,
        }  # fmt: skip


class ReversePayment(InvoiceBooking):
    word, heading, danger = _("Take back"), _("Take back a payment of %s"), True
    text = _(
        "For a payment that bounced or that belongs to another invoice. The invoice is to be paid again; what went "
        "into the balance leaves it."
    )
    always = ("invoice.status", "invoice.paid", "invoice.left", "wallet.balance")

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the tenant's statement.")
    )

    def __init__(self, *args: Any, payment: PaymentRow, **options: Any) -> None:
        self.payment = payment
        super().__init__(*args, **options)

    @property
    def amount(self) -> str:
        return self.money(self.payment.amount + self.payment.overpaid)

    def button(self) -> str:
        return gettext("Take back %s") % self.amount

    def notes(self) -> list[str]:
        facts = {
            "reference": self.payment.reference, "day": day(self.payment.received_on, year=True), "amount": self.amount,
        }  # fmt: skip
        return [gettext("%(amount)s came on %(day)s as %(reference)s.") % facts]

    def book(self, actor: Actor) -> object:
        return payment_reverse(payment_id=self.payment.id, reason=self.cleaned_data["reason"], actor=actor)

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("The payment of %s is taken back.") % self.amount


class CreditNote(InvoiceBooking):
    word, heading = _("Credit note"), _("Issue a credit note for %s")
    text = _("It lowers what is still due first; what was paid goes back to the balance. Its tax goes back with it.")
    always = ("invoice.left", "wallet.balance")

    line = forms.ChoiceField(label=pgettext_lazy("line", "What"), required=False)
    amount = AmountField(
        required=False, negative=True, help_text=_("Before tax. Empty: all that is left of what is chosen.")
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Stands on the credit note."))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.left = lines_left(self.invoice)
        lines = [
            (str(line.number), named(group_label(line), facts(line_label(line), self.money(self.left[line.number]))))
            for line in self.full.lines
            if self.left[line.number]
        ]
        field = self.fields["line"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("All that is left of the invoice")), *lines]
        self.fields["amount"].label = gettext("Amount, %s") % self.invoice.currency

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("amount") is not None and not values.get("line"):
            self.add_error("line", gettext("Say of which line this amount is."))
        return values

    def _chosen(self) -> dict[int, Decimal] | None:
        if not self.cleaned_data["line"]:
            return None
        number = int(self.cleaned_data["line"])
        amount: Decimal | None = self.cleaned_data["amount"]
        return {number: self.left[number] if amount is None else amount}

    def book(self, actor: Actor) -> object:
        reason = self.cleaned_data["reason"]
        return credit_note_issue(invoice_id=self.invoice.id, reason=reason, lines=self._chosen(), actor=actor)

    def run(self, actor: Actor) -> str:
        reason = self.cleaned_data["reason"]
        note = credit_note_issue(invoice_id=self.invoice.id, reason=reason, lines=self._chosen(), actor=actor)
        return gettext("Credit note %(number)s of %(amount)s is issued.") % {
            "number": note.number, "amount": self.money(note.total),
        }  # fmt: skip


class Void(InvoiceBooking):
    word, heading, danger = pgettext_lazy("act", "Void"), _("Void %s"), True
    text = _(
        "The invoice keeps its number and counts no more; what it took from the balance goes back. Its month is "
        "drafted again, and waits for you to finalise it."
    )
    always = ("invoice.status", "wallet.balance")

    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Stands in the audit and on the invoice."))

    def __init__(self, *args: Any, **options: Any) -> None:
        self.typed = options["full"].invoice.number or ""
        super().__init__(*args, **options)

    def book(self, actor: Actor) -> object:
        return invoice_void(invoice_id=self.invoice.id, reason=self.cleaned_data["reason"], actor=actor)

    def run(self, actor: Actor) -> str:
        self.book(actor)
        return gettext("%s is void. Its month is drafted again.") % self.invoice.number


class Send(InvoiceAct):
    word, heading = _("Send"), _("Send %s")
    text = _("The PDF goes by mail, as it did when the invoice was issued.")

    emails = forms.CharField(
        label=_("Email"), required=False, widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        help_text=_("One address a line."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["emails"].initial = "\n".join(recipients(self.invoice.tenant_id))

    def clean_emails(self) -> list[str]:
        addresses = words(self.cleaned_data["emails"])
        if len(addresses) > MOST_EMAILS:
            raise ValidationError(gettext("At most %s addresses.") % MOST_EMAILS)
        for address in addresses:
            validate_email(address)
        return list(dict.fromkeys(addresses))

    def run(self, actor: Actor) -> str:
        to = invoice_resend(invoice=self.invoice, actor=actor, to=self.cleaned_data["emails"] or None)
        return gettext("%(number)s goes to %(addresses)s.") % {
            "number": self.invoice.number, "addresses": ", ".join(to),
        }  # fmt: skip


ACTS: dict[str, type[InvoiceAct]] = {
    "finalise": Finalise, "payment": Payment, "from-balance": FromBalance, "send": Send, "credit-note": CreditNote,
    "void": Void,
}  # fmt: skip


class Draft(Act):
    """Drafts a tenant's month that is over, or sums its draft up again."""

    word = _("Draft an invoice")
    text = _("Drafts are made by themselves when a month has ended. This makes one now, or sums it up again.")

    tenant = forms.CharField(label=_("Tenant"), max_length=80, help_text=_("Slug or id."))
    month = forms.DateField(
        label=_("Month"), input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
        error_messages={"invalid": _("Write a month like 2026-11.")},
    )  # fmt: skip
    drafted: Invoice | None = None

    def clean_tenant(self) -> Tenant:
        try:
            return tenant_named(self.cleaned_data["tenant"])
        except FilterInvalid as error:
            raise ValidationError(str(error)) from None

    def run(self, actor: Actor) -> str:
        tenant: Tenant = self.cleaned_data["tenant"]
        self.drafted = month_draft(month=self.cleaned_data["month"], tenant_id=tenant.id)
        return gettext("The draft is summed up.")
