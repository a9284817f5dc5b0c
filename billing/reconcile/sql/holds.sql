-- A hold that has not ended has no charge; one that ended has one, of its kind and never above it. It holds what it held when it was accepted.
SELECT h.tenant_id, h.generation_id::text AS subject, h.status AS hold, c.status AS charge, h.amount AS held,
       c.amount AS charged, h.used_amount
FROM billing_hold h
LEFT JOIN billing_charge c ON c.generation_id = h.generation_id
WHERE (%(tenant)s::uuid IS NULL OR h.tenant_id = %(tenant)s) AND h.generation_id >= %(jobs)s::uuid
    AND (c.generation_id IS NULL OR (c.billing_date >= %(first)s AND c.billing_date < %(end)s))
    AND ((h.status = 'held') <> (c.generation_id IS NULL)
         OR (h.status = 'settled') <> coalesce(c.status = 'charged', false)
         OR c.amount > h.amount OR c.livemode <> h.livemode OR c.currency <> h.currency OR c.tenant_id <> h.tenant_id
         OR h.used_amount <> c.amount OR h.seal <> hold_seal(h))
