-- Nothing was charged to a month after it was closed, and every charge has the month that it is billed in.
SELECT c.tenant_id, c.generation_id::text AS subject, c.billing_date, c.created_at, p.closed_at
FROM billing_charge c
LEFT JOIN billing_billingperiod p ON p.tenant_id = c.tenant_id AND p.month = date_trunc('month', c.billing_date)::date
WHERE (p.tenant_id IS NULL OR c.created_at > p.closed_at) AND (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s)
    AND c.billing_date >= %(first)s AND c.billing_date < %(end)s
