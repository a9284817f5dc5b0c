-- Each transaction of the ledger sums to zero, in one currency, and no entry is without one.
SELECT e.tenant_id, e.transaction_id::text AS subject, sum(e.amount) AS sum, min(e.currency) AS currency,
       max(e.currency) AS other_currency
FROM billing_ledgerentry e
WHERE (%(tenant)s::uuid IS NULL OR e.tenant_id = %(tenant)s) AND e.transaction_id >= %(books)s::uuid
GROUP BY 1, e.transaction_id
HAVING sum(e.amount) <> 0 OR min(e.currency) <> max(e.currency)
UNION ALL
SELECT t.tenant_id, t.id::text, NULL, NULL, NULL
FROM billing_ledgertransaction t
WHERE (%(tenant)s::uuid IS NULL OR t.tenant_id = %(tenant)s) AND t.id >= %(books)s::uuid
    AND NOT EXISTS (SELECT 1 FROM billing_ledgerentry e WHERE e.transaction_id = t.id)
