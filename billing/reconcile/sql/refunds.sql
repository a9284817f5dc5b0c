-- Nothing more of a charge was given back than it was.
SELECT t.tenant_id, t.generation_id::text AS subject, c.amount AS charged, sum(e.amount) AS refunded
FROM billing_ledgertransaction t
JOIN billing_ledgerentry e ON e.transaction_id = t.id AND e.account = 'wallet'
LEFT JOIN billing_charge c ON c.generation_id = t.generation_id
WHERE t.kind = 'refund' AND t.generation_id IS NOT NULL AND (%(tenant)s::uuid IS NULL OR t.tenant_id = %(tenant)s)
GROUP BY 1, 2, 3
HAVING sum(e.amount) > coalesce(c.amount, 0)
