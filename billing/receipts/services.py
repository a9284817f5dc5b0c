"""A receipt for each top-up: numbered in a transaction of its own, its PDF made and mailed after it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Sum
from django.utils import timezone

from billing.invoices.document_store import document_keep, file_name, logo_of, wants_mail
from billing.invoices.ledger_entries import number_assign
from billing.models import InvoiceDocument, LedgerEntry, LedgerTransaction, LegalEntity, Receipt
from billing.receipts.mails import receipt_send
from billing.receipts.pdf import receipt_pdf
from cavendish.db import ids
from cavendish.db.call import call_row
from cavendish.db.each import each_done
from cavendish.db.router import acting_as, current_alias

AT_ONCE = 100
# Older top-ups are not looked at: an index leads to the newest, and what failed for so long needs a person.
LOOKED_BACK = timedelta(days=31)


def receipts_create() -> int:
    """Issues the receipts that are missing and makes their PDFs; returns how many. The scheduler calls it.

    One that fails is logged and tried again; the others do not wait for it.
    """
    with acting_as("operator"):
        count = each_done(
            _without_receipt(), lambda row: receipt_issue(top_up_id=row[0], tenant_id=row[1]) is not None,
            name="receipts_create", told=lambda row: row[0].hex,
        )  # fmt: skip
        kept = InvoiceDocument.objects.values("subject_id")
        each_done(
            list(Receipt.objects.exclude(id__in=kept).order_by("id")[:AT_ONCE]),
            lambda receipt: bool(receipt_document(receipt)),
            name="receipt_documents", told=lambda receipt: receipt.id.hex,
        )  # fmt: skip
    return count


def receipt_issue(*, top_up_id: UUID, tenant_id: UUID) -> Receipt | None:
    """Returns the new receipt of a top-up; None where it has one, or nobody issues one."""
    with transaction.atomic(using=current_alias()):
        parties = call_row("invoice_parties", tenant_id)
        if parties is None or parties["legal_entity_id"] is None:
            return None
        # Who comes second waits here, and then finds the receipt.
        entity = LegalEntity.objects.select_for_update().defer("logo").get(id=parties["legal_entity_id"])
        top_up = LedgerTransaction.objects.get(id=top_up_id, tenant_id=tenant_id, kind=LedgerTransaction.Kind.TOP_UP)
        if (
            entity.receipts_from is None
            or top_up.at < entity.receipts_from
            or Receipt.objects.filter(ledger_transaction_id=top_up_id).exists()
        ):
            return None
        entries = LedgerEntry.objects.filter(transaction_id=top_up_id, account=LedgerEntry.Account.WALLET)
        [(currency, amount)] = entries.values_list("currency").annotate(sum=Sum("amount"))
        assigned = number_assign(legal_entity_id=entity.id, document="receipts")
        receipt: Receipt = Receipt.objects.create(
            tenant_id=tenant_id,
            legal_entity=entity,
            series=assigned.series,
            series_number=assigned.series_number,
            number=assigned.number,
            ledger_transaction_id=top_up_id,
            amount=amount,
            currency=currency,
            reference=top_up.reference,
            received_at=top_up.at,
            issued_on=assigned.issued_on,
            issuer=parties["issuer"],
            customer=parties["customer"],
        )
    return receipt


def receipt_document(receipt: Receipt) -> InvoiceDocument:
    """Returns the kept PDF of a receipt; the first call creates it and mails it."""
    return document_keep(
        tenant_id=receipt.tenant_id,
        subject_id=receipt.id,
        name=file_name(receipt.number),
        render=lambda: receipt_pdf(receipt, logo=logo_of(receipt.legal_entity_id)),
        send=lambda document: wants_mail(receipt.tenant_id) and receipt_send(receipt=receipt, document=document),
    )


def _without_receipt() -> list[tuple[UUID, UUID]]:
    """Returns top-ups of live mode whose company gives receipts, and whose tenants; the oldest first."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """SELECT x.id, x.tenant_id FROM billing_ledgertransaction x
               LEFT JOIN billing_billingprofile p ON p.tenant_id = x.tenant_id
               JOIN billing_legalentity e ON e.id = coalesce(p.legal_entity_id,
                   (SELECT d.id FROM billing_legalentity d WHERE d.is_default))
               WHERE x.kind = 'top_up' AND x.livemode AND x.id >= %s AND x.at >= e.receipts_from
                   AND NOT EXISTS (SELECT 1 FROM billing_receipt r WHERE r.ledger_transaction_id = x.id)
                   -- what a provider gave back of a payment is no second payment: a receipt or an invoice tells of it
                   AND (strpos(x.reference, ':') = 0 OR NOT EXISTS (
                       SELECT 1 FROM billing_providerpayment y
                       WHERE y.tenant_id = x.tenant_id AND y.reference = split_part(x.reference, ':', 1)))
               ORDER BY x.id LIMIT %s""",
            [ids.first_at(timezone.now() - LOOKED_BACK), AT_ONCE],
        )
        return list(cursor.fetchall())
