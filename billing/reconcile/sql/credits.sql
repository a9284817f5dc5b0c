-- What is left of a credit is the sum of the wallet's entries that name it.
SELECT c.tenant_id, c.id::text AS subject, c.amount, c.remaining, e.amount AS entries
FROM billing_credit c
CROSS JOIN LATERAL (SELECT coalesce(sum(amount), 0) AS amount FROM billing_ledgerentry
                    WHERE credit_id = c.id AND account = 'wallet') e
WHERE c.remaining <> e.amount AND (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s)
