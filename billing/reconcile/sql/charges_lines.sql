-- The lines that a charge shows sum to its amount.
SELECT c.tenant_id, c.generation_id::text AS subject, c.amount AS charged, l.amount AS shown
FROM billing_charge c
CROSS JOIN LATERAL (SELECT coalesce(sum((line->>'amount')::numeric), 0) AS amount
                    FROM jsonb_array_elements(c.lines) line) l
WHERE c.amount <> l.amount AND (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s)
    AND c.billing_date >= %(first)s AND c.billing_date < %(end)s
