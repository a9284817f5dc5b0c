"""The shapes and parameters of files for OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers as s

from billing.exports.datev import FORMATS
from billing.invoices.selectors import OVERDUE
from billing.models import Invoice, LedgerTransaction

TENANT = OpenApiParameter("tenant_id", OpenApiTypes.STR, description="For operators only; all tenants when absent.")
ONE_TENANT = OpenApiParameter("tenant_id", OpenApiTypes.STR, description="For operators only, who must name it.")
DAYS = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="The first day."),
    OpenApiParameter("to", OpenApiTypes.DATE, description="Exclusive."),
]
SPAN = [
    OpenApiParameter("from", OpenApiTypes.STR, description="A date of the tenant's time zone, or a time."),
    OpenApiParameter("to", OpenApiTypes.STR, description="Exclusive."),
]
MONTH = OpenApiParameter("month", OpenApiTypes.STR, description="Like 2026-11; the one that runs when absent.")
KIND = OpenApiParameter("kind", OpenApiTypes.STR, enum=LedgerTransaction.Kind.values)
STATUS = OpenApiParameter("status", OpenApiTypes.STR, enum=[*Invoice.Status.values, OVERDUE])
FORMAT = OpenApiParameter("format", OpenApiTypes.STR, enum=list(FORMATS), description="plain when absent.")
CURRENCY = OpenApiParameter("currency", OpenApiTypes.STR, description="With datev; needed where there are several.")
GROUP_BY = OpenApiParameter(
    "group_by", OpenApiTypes.STR, description="As in /usage, for example metadata.team; model when absent."
)


class WalletMovement(s.Serializer[object]):
    date = s.DateField(help_text="In the tenant's time zone.")
    kind = s.CharField()
    amount = s.CharField(help_text="Nine decimal places; negative where the wallet paid.")
    balance = s.CharField(help_text="After it.")
    jobs = s.IntegerField(allow_null=True, help_text="Of charges, which are summed by day: how many.")
    reason = s.CharField()
    reference = s.CharField(allow_null=True)
    transaction_id = s.CharField(allow_null=True)
    invoice_id = s.CharField(allow_null=True)


class WalletStatement(s.Serializer[object]):
    object = s.CharField()
    month = s.CharField()
    timezone = s.CharField()
    currency = s.CharField()
    opening_balance = s.CharField(help_text="With all movements it sums to the closing balance.")
    movements = WalletMovement(many=True)
    totals = s.DictField(child=s.CharField(), help_text="Amounts by kind.")
    closing_balance = s.CharField()
