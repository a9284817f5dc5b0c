"""Usage with the columns of FOCUS 1.x: a row for each day, key, model, size, kind, tier and unit price."""

from __future__ import annotations

from billing.exports.excerpt import Excerpt
from billing.exports.tables import id_sql, moment_sql
from cavendish.http.csv_files import Write, csv_copy

ROWS = """FROM (
    SELECT u.tenant_id, u.billing_date, u.api_key_id, u.member_id, u.model, u.image_size, u.kind, u.tier, u.unit,
           u.unit_price, sum(u.billed) AS billed, sum(u.quantity) AS quantity, sum(u.amount) AS amount,
           sum(u.cost) AS cost
    FROM billing_usagerollup u
    WHERE u.livemode = %(livemode)s AND (%(tenant)s::uuid IS NULL OR u.tenant_id = %(tenant)s)
        AND u.billing_date >= %(first)s AND u.billing_date < %(last)s
        AND (u.kind <> 'request' OR u.cost <> 0)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ) u
    JOIN accounts_tenant t ON t.id = u.tenant_id
    JOIN billing_wallet w ON w.tenant_id = u.tenant_id AND w.livemode = %(livemode)s
    LEFT JOIN accounts_apikey k ON k.id = u.api_key_id
    WHERE %(operator)s OR u.kind <> 'request'
    ORDER BY u.tenant_id, u.billing_date, u.api_key_id, u.model, u.image_size, u.kind, u.tier, u.unit_price"""
NUMBERS = frozenset({
    "BilledCost", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost",
    "ListUnitPrice", "PricingQuantity", "x_UpstreamCost",
})  # fmt: skip
WORDS = frozenset({"BillingAccountName", "InvoiceIssuerName", "ResourceName", "SubAccountName"})


def _moment(day: str) -> str:
    return moment_sql(f"(({day})::timestamp AT TIME ZONE t.billing_timezone)")


# Pieces, millions of tokens and thousands of queries: what the unit price is of.
_PRICED = """CASE u.unit WHEN 'per_1m_tokens' THEN u.billed * 0.000001 WHEN 'per_1k_queries' THEN u.billed * 0.001
    ELSE u.billed END"""
_UNIT = """CASE u.unit WHEN 'per_1m_tokens' THEN '1000000 Tokens' WHEN 'per_1k_queries' THEN '1000 Queries'
    WHEN 'per_image' THEN 'Images' END"""
_CONSUMED = """CASE WHEN u.kind IN ('request', 'included', 'absorbed') THEN NULL
    WHEN u.kind = 'search_query' THEN 'Queries' ELSE 'Tokens' END"""
_ISSUER = "coalesce((SELECT e.name FROM billing_legalentity e WHERE e.is_default), 'Cavendish')"
_DESCRIPTION = """concat_ws(' ', u.model, nullif(u.image_size, ''), replace(u.kind, '_', ' '),
    nullif(nullif(u.tier, 'standard'), ''))"""
_MEMBER = "nullif(u.member_id, '00000000-0000-0000-0000-000000000000')"
_MONTH = "date_trunc('month', u.billing_date)"
COLUMNS = {
    "BilledCost": "u.amount",
    "BillingAccountId": id_sql("ten", "u.tenant_id"),
    "BillingAccountName": "t.name",
    "BillingCurrency": "w.currency",
    "BillingPeriodEnd": _moment(f"{_MONTH} + interval '1 month'"),
    "BillingPeriodStart": _moment(_MONTH),
    "ChargeCategory": "CASE WHEN u.kind IN ('included', 'absorbed') THEN 'Credit' ELSE 'Usage' END",
    "ChargeClass": "NULL",
    "ChargeDescription": _DESCRIPTION,
    "ChargeFrequency": "'Usage-Based'",
    "ChargePeriodEnd": _moment("u.billing_date + 1"),
    "ChargePeriodStart": _moment("u.billing_date"),
    "ConsumedQuantity": f"CASE WHEN ({_CONSUMED}) IS NOT NULL THEN u.quantity END",
    "ConsumedUnit": _CONSUMED,
    "ContractedCost": "u.amount",
    "ContractedUnitPrice": "CASE WHEN u.unit <> '' THEN trim_scale(u.unit_price) END",
    "EffectiveCost": "u.amount",
    "InvoiceIssuerName": _ISSUER,
    "ListCost": "u.amount",
    "ListUnitPrice": "CASE WHEN u.unit <> '' THEN trim_scale(u.unit_price) END",
    "PricingCategory": "CASE u.tier WHEN 'batch' THEN 'Dynamic' ELSE 'Standard' END",
    "PricingQuantity": f"CASE WHEN u.unit <> '' THEN trim_scale({_PRICED}) END",
    "PricingUnit": _UNIT,
    "ProviderName": _ISSUER,
    "PublisherName": "'Google'",
    "ResourceId": id_sql("key", "u.api_key_id"),
    "ResourceName": "k.name",
    "ResourceType": "'API key'",
    "ServiceCategory": "'AI and Machine Learning'",
    "ServiceName": "'Image generation'",
    "ServiceSubcategory": "'Generative AI'",
    "SkuId": "concat_ws('/', u.model, u.kind, nullif(u.tier, ''))",
    "SkuPriceId": "concat_ws('/', u.model, u.kind, nullif(u.tier, ''), nullif(u.unit, ''), trim_scale(u.unit_price))",
    "SubAccountId": id_sql("usr", _MEMBER),
    "Tags": "jsonb_build_object('model', u.model, 'image_size', u.image_size, 'tier', u.tier)",
}


def focus_export(write: Write, excerpt: Excerpt) -> None:
    """Writes billing dates. Operators get the upstream's cost too."""
    columns = dict(COLUMNS)
    if excerpt.operator:
        columns |= {"x_UpstreamCost": "u.cost", "x_UpstreamCostCurrency": "'USD'"}
    values = {**excerpt.values, "operator": excerpt.operator}
    numbers, texts = NUMBERS & columns.keys(), WORDS & columns.keys()
    csv_copy(columns, ROWS, values, write, style=excerpt.style, numbers=numbers, texts=texts)
