-- The usage records of a generation sum to its charge, in amount and currency, on its billing date; their cost is the
-- charge's, less what answers cost that were thrown away.
--! monthly
SELECT c.tenant_id, c.generation_id::text AS subject, c.amount AS charged, r.amount AS recorded, c.cost AS charge_cost,
       r.cost AS recorded_cost, c.billing_date AS charge_date, r.billing_date AS recorded_date
FROM billing_charge c
LEFT JOIN (
    SELECT u.generation_id, sum(u.amount) AS amount, sum(u.cost) AS cost, min(u.billing_date) AS billing_date,
           max(u.billing_date) AS last_date, min(u.currency) AS currency, max(u.currency) AS last_currency,
           bool_and(u.livemode) AS livemode
    FROM billing_usagerecord u
    WHERE (%(tenant)s::uuid IS NULL OR u.tenant_id = %(tenant)s) AND u.billing_date >= %(first)s AND u.billing_date < %(end)s
    GROUP BY u.generation_id) r USING (generation_id)
WHERE (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s) AND c.billing_date >= %(first)s AND c.billing_date < %(end)s
    AND (c.amount <> coalesce(r.amount, 0) OR c.cost < coalesce(r.cost, 0)
         OR (c.cost <> coalesce(r.cost, 0) AND NOT c.flags @> '["repeated_answers"]' AND r.generation_id IS NOT NULL)
         OR r.billing_date <> c.billing_date OR r.last_date <> c.billing_date
         OR r.currency <> c.currency OR r.last_currency <> c.currency OR r.livemode <> c.livemode)
