-- Nothing more of a top-up was taken back than came, and what a reversal names is a top-up of the same tenant and mode. (Reversals of payments belong to an invoice: invoice_bookings.)
SELECT r.tenant_id, r.reverses_id::text AS subject, coalesce(b.amount, 0) AS topped_up, -sum(e.amount) AS reversed
FROM billing_ledgertransaction r
JOIN billing_ledgerentry e ON e.transaction_id = r.id AND e.account = 'wallet'
LEFT JOIN billing_ledgertransaction t ON t.id = r.reverses_id AND t.kind = 'top_up' AND t.tenant_id = r.tenant_id
    AND t.livemode = r.livemode
LEFT JOIN LATERAL (SELECT sum(amount) AS amount FROM billing_ledgerentry
                   WHERE transaction_id = t.id AND account = 'wallet') b ON true
WHERE r.kind = 'reversal' AND r.invoice_id IS NULL AND (%(tenant)s::uuid IS NULL OR r.tenant_id = %(tenant)s)
GROUP BY 1, 2, 3
HAVING -sum(e.amount) > coalesce(b.amount, 0)
