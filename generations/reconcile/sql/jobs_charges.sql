-- A generation that has ended has one charge and an ended hold, one that has not has an open hold and no charge; one that
-- succeeded is charged.
SELECT coalesce(g.tenant_id, c.tenant_id) AS tenant_id, coalesce(g.id, c.generation_id)::text AS subject, g.status AS job,
       c.status AS charge, h.status AS hold
FROM (SELECT * FROM generations_generation WHERE id >= %(jobs)s::uuid) g
FULL JOIN (SELECT * FROM billing_charge WHERE generation_id >= %(jobs)s::uuid) c ON c.generation_id = g.id
LEFT JOIN billing_hold h ON h.generation_id = coalesce(g.id, c.generation_id)
WHERE (%(tenant)s::uuid IS NULL OR coalesce(g.tenant_id, c.tenant_id) = %(tenant)s)
    AND (c.generation_id IS NULL OR (c.billing_date >= %(first)s AND c.billing_date < %(end)s))
    AND (g.id IS NULL OR h.generation_id IS NULL OR g.tenant_id <> h.tenant_id OR g.livemode <> h.livemode
         OR (g.status IN ('succeeded', 'failed', 'canceled')) <> (c.generation_id IS NOT NULL)
         OR (g.status IN ('queued', 'running')) <> (h.status = 'held')
         OR (g.status = 'succeeded' AND c.status <> 'charged')
         OR c.tenant_id <> g.tenant_id OR c.livemode <> g.livemode)
