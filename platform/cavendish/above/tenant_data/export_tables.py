"""The tables that an export contains as they are, the columns that stay out, and the tables that stay out and why.

A tenant's table that is in neither list fails a test: whoever adds one decides here.
"""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.db import connection, models

from cavendish.db.tenancy import current_tenant

PAGE = 1000

TABLES: dict[str, frozenset[str]] = {
    "accounts.Membership": frozenset(),
    "accounts.Invitation": frozenset({"digest"}),
    "accounts.ApiKey": frozenset({"digest", "previous_digest"}),
    "accounts.AuditEvent": frozenset(),
    "accounts.WebhookEndpoint": frozenset({"secret", "previous_secret"}),
    "billing.Subscription": frozenset({"actor"}),
    "billing.Wallet": frozenset(),
    "billing.Credit": frozenset(),
    "billing.Allowance": frozenset(),
    "billing.Budget": frozenset(),
    "billing.BudgetPeriod": frozenset(),
    "billing.BudgetAlert": frozenset(),
    "billing.LedgerTransaction": frozenset({"actor"}),
    "billing.LedgerEntry": frozenset(),
    "billing.BillingProfile": frozenset(),
    "billing.Invoice": frozenset(),
    "billing.InvoiceLine": frozenset(),
    "billing.CreditNote": frozenset({"actor"}),
    "billing.CreditNoteLine": frozenset(),
    "billing.Payment": frozenset({"actor"}),
    "billing.DunningStep": frozenset(),
    "billing.Receipt": frozenset(),
    "billing.PaymentMethod": frozenset({"reference"}),
    "billing.ProviderPayment": frozenset(
        {
            "actor",
            "hosted_url",
            "page_reference",
            "check_at",
            "tries",
            "problem_detail",
            "set_aside_by",
            "set_aside_note",
        }
    ),
    "billing.AutoTopUp": frozenset(),
    # without cost and flags, which are the operator's
    "billing.UsageRollup": frozenset({"cost", "flagged"}),
    "billing.UsageAnomaly": frozenset(),
    "billing.UsageTag": frozenset(),
    "billing.UsageTagRollup": frozenset({"cost"}),
    "generations.Batch": frozenset({"input_key", "feed_after", "aside_until", "refused_at"}),
    "generations.BatchItem": frozenset({"start", "length"}),
    "generations.PromptTemplate": frozenset(),
    "generations.PromptTemplateVersion": frozenset(),
    "generations.GuardRule": frozenset({"revision", "secret", "previous_secret"}),
    "generations.ShareLink": frozenset(),
    "generations.Collection": frozenset(),
    "generations.CollectionOutput": frozenset(),
}
"""Model → columns that stay out, in the order of the archive."""

LEFT_OUT: dict[str, str] = {
    "accounts.IdempotencyKey": "hashes of requests of the last day",
    "accounts.SandboxDay": "counters of today's limits",
    "accounts.StorageUse": "a counter of what the archive holds",
    "accounts.TenantNote": "the operator's notes",
    "accounts.WebhookAttempt": "the log of requests to the tenant's own URLs",
    "accounts.WebhookDelivery": "events that were sent to the tenant already",
    "accounts.WebhookSecret": "signs requests to the tenant's own URLs",
    "billing.AllowanceUse": "in each generation's charge",
    "billing.BillingPeriod": "which months are closed: the invoices show it",
    "billing.Charge": "in each generation",
    "billing.FlagResolution": "the operator's notes",
    "billing.Hold": "released when a generation ends; the generation has the charge",
    "billing.HoldLine": "part of a hold",
    "billing.InvoiceDocument": "the documents themselves are in invoices/",
    "billing.PlatformDay": "the operator's sums",
    "billing.PlatformMonth": "the operator's sums",
    "billing.ProviderCustomer": "the payment provider's name for the tenant",
    "billing.UsageRecord": "its sums are in the roll-ups, its lines in each generation",
    "billing.UsageTagValue": "bookkeeping of the tag roll-ups",
    "closing.Erasure": "the end of the data",
    "closing.Export": "exports themselves",
    "closing.ExportPart": "exports themselves",
    "events.Event": "changes of status, whose times are in each generation",
    "generations.ActivityHour": "the operator's sums",
    "generations.ActivityLatest": "the operator's sums",
    "generations.Derivative": "smaller pictures, made again from the outputs in generations/",
    "generations.File": "in files/, with its bytes",
    "generations.Generation": "in generations/, as the API shows it",
    "generations.GenerationContent": "in generations/",
    "generations.LegalHold": "the operator's notes",
    "generations.GenerationTag": "in each generation",
    "generations.GenerationTerms": "an index of the prompts in generations/",
    "generations.Output": "in generations/, with its bytes",
    "generations.TenantMove": "the operator's sums",
    "generations.Upload": "uploads that are not finished",
    "generations.UpstreamCall": "the operator's log of its calls upstream, without content",
    "mail.Mail": "mails that wait to be sent",
}


def table_page(label: str, cursor: str) -> tuple[list[str], str]:
    """Returns up to PAGE rows after the cursor as JSON lines, and the cursor after them, "" at the end.

    Call it in the tenant's context. Amounts are strings, ids 32 hexadecimal digits as in public ids, times ISO 8601.
    """
    model = apps.get_model(label)
    fields = [field for field in model._meta.concrete_fields if field.attname not in TABLES[label]]
    key = [field.column for field in _key(model)]
    pairs = ", ".join(f"'{field.attname}', {_column(field)}" for field in fields)
    keys = ", ".join(f'"{column}"::text' for column in key)
    after = f"({', '.join(_quoted(key))}) > ({_values(model)})" if cursor else "true"
    with connection.cursor() as db_cursor:
        db_cursor.execute(
            f"""SELECT jsonb_build_object({pairs})::text, jsonb_build_array({keys})::text
                FROM "{model._meta.db_table}" WHERE tenant_id = %s AND {after}
                ORDER BY {", ".join(_quoted(key))} LIMIT {PAGE}""",  # noqa: S608 (names of models, never input)
            [current_tenant(), *(json.loads(cursor) if cursor else ())],
        )
        rows = db_cursor.fetchall()
    return [row[0] for row in rows], rows[-1][1] if len(rows) == PAGE else ""


def _key(model: type[models.Model]) -> list[Any]:
    meta: Any = model._meta
    return list(meta.pk_fields)


def _quoted(columns: list[str]) -> list[str]:
    return [f'"{column}"' for column in columns]


def _column(field: Any) -> str:
    """Returns the SQL of a column's JSON value; to_jsonb is right for most types."""
    name = f'"{field.column}"'
    match field.get_internal_type():
        case "DecimalField":
            return f"{name}::text"
        case "UUIDField":
            return f"replace({name}::text, '-', '')"
        case "ForeignKey" | "OneToOneField" if field.target_field.get_internal_type() == "UUIDField":
            return f"replace({name}::text, '-', '')"
        case "BinaryField":
            return f"encode({name}, 'hex')"
        case _:
            return f"to_jsonb({name})"


def _values(model: type[models.Model]) -> str:
    return ", ".join(f"%s::{field.db_type(connection)}" for field in _key(model))
