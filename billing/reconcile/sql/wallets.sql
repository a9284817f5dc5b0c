-- A wallet's balance is the sum of its entries in the ledger, and what is held the sum of the holds that have not ended.
-- Where a wallet keeps tax back, it knows what was used and stands on no invoice yet.
-- Entries in a currency that the wallet had before sum to nothing: it could only change when it was empty.
SELECT coalesce(w.tenant_id, e.tenant_id) AS tenant_id,
       CASE WHEN coalesce(w.livemode, e.livemode) THEN 'live' ELSE 'test' END AS subject,
       w.balance, e.amount AS entries, w.held, h.amount AS holds, w.untaxed, u.amount AS unbilled, w.currency, e.currency AS entries_currency
FROM billing_wallet w
FULL JOIN (SELECT tenant_id, livemode, currency, sum(amount) AS amount
           FROM billing_ledgerentry WHERE account = 'wallet' GROUP BY 1, 2, 3) e
    ON e.tenant_id = w.tenant_id AND e.livemode = w.livemode AND e.currency = w.currency
LEFT JOIN (SELECT tenant_id, livemode, sum(amount) AS amount FROM billing_hold WHERE status = 'held' GROUP BY 1, 2) h
    ON h.tenant_id = w.tenant_id AND h.livemode = w.livemode
-- CASE, for PostgreSQL calls the function for every wallet before it looks at a WHERE
CROSS JOIN LATERAL (SELECT CASE WHEN w.livemode AND w.tax_rate > 0 THEN unbilled_sum(w.tenant_id) END AS amount) u
WHERE (%(tenant)s::uuid IS NULL OR coalesce(w.tenant_id, e.tenant_id) = %(tenant)s)
    AND (w.balance <> coalesce(e.amount, 0) OR w.held <> coalesce(h.amount, 0) OR w.untaxed <> u.amount
         OR (w.tenant_id IS NULL AND e.amount <> 0))
