-- A charge above zero has one transaction in the ledger that moves its amount from the wallet to revenue.
SELECT c.tenant_id, c.generation_id::text AS subject, c.amount AS charged, l.wallet AS from_wallet, l.revenue AS to_revenue
FROM billing_charge c
LEFT JOIN (
    SELECT t.generation_id, t.tenant_id, t.livemode,
           -sum(e.amount) FILTER (WHERE e.account = 'wallet') AS wallet,
           sum(e.amount) FILTER (WHERE e.account = 'revenue') AS revenue,
           bool_and(e.livemode = t.livemode AND e.tenant_id = t.tenant_id) AS own, min(e.currency) AS currency,
           max(e.currency) AS last_currency
    FROM billing_ledgertransaction t JOIN billing_ledgerentry e ON e.transaction_id = t.id
    WHERE t.kind = 'charge' AND t.id >= %(books)s::uuid AND e.transaction_id >= %(books)s::uuid AND (%(tenant)s::uuid IS NULL OR (t.tenant_id = %(tenant)s AND e.tenant_id = %(tenant)s))
    GROUP BY t.id) l USING (generation_id)
WHERE (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s) AND c.billing_date >= %(first)s AND c.billing_date < %(end)s
    AND (c.amount <> coalesce(l.wallet, 0) OR c.amount <> coalesce(l.revenue, 0)
         OR l.tenant_id <> c.tenant_id OR l.livemode <> c.livemode OR NOT l.own
         OR l.currency <> c.currency OR l.last_currency <> c.currency)
UNION ALL
SELECT t.tenant_id, t.generation_id::text, NULL, NULL, NULL
FROM billing_ledgertransaction t LEFT JOIN billing_charge c USING (generation_id)
WHERE t.kind = 'charge' AND t.id >= %(books)s::uuid AND c.generation_id IS NULL AND (%(tenant)s::uuid IS NULL OR t.tenant_id = %(tenant)s)
