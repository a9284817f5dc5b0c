-- The usage records of a generation sum to its charge, in amount, tokens and currency, on its billing date, each its quantity times
-- its price, rounded once; their cost is the charge's, less what answers cost that were thrown away.
--! monthly
SELECT c.tenant_id, c.generation_id::text AS subject, c.amount AS charged, r.amount AS recorded, c.cost AS charge_cost,
       r.cost AS recorded_cost, c.billing_date AS charge_date, r.billing_date AS recorded_date, q.quantity AS charge_quantity,
       r.quantity AS recorded_quantity, r.mispriced
FROM billing_charge c
LEFT JOIN (
    SELECT u.generation_id, sum(u.amount) AS amount, sum(u.cost) AS cost, min(u.billing_date) AS billing_date,
           max(u.billing_date) AS last_date, min(u.currency) AS currency, max(u.currency) AS last_currency,
           bool_and(u.livemode) AS livemode,
           sum(u.quantity) FILTER (WHERE u.kind NOT IN ('included', 'absorbed')) AS quantity,
           sum(u.quantity) FILTER (WHERE u.kind = 'image_output') AS pictures,
           count(*) FILTER (WHERE u.amount <> round(CASE u.unit WHEN 'per_1m_tokens' THEN u.quantity * u.unit_price * 0.000001
               WHEN 'per_1k_queries' THEN u.quantity * u.unit_price * 0.001 WHEN 'per_image' THEN u.pieces * u.unit_price
               ELSE u.amount END, 9)
               OR (u.kind = 'absorbed' AND u.amount <> u.quantity * u.unit_price)) AS mispriced
    FROM billing_usagerecord u
    WHERE (%(tenant)s::uuid IS NULL OR u.tenant_id = %(tenant)s) AND u.billing_date >= %(first)s AND u.billing_date < %(end)s
    GROUP BY u.generation_id) r USING (generation_id)
CROSS JOIN LATERAL (
    -- what was cached is a part of the input
    SELECT coalesce(greatest(coalesce((c.usage#>>'{input,text}')::bigint, 0) + coalesce((c.usage#>>'{input,image}')::bigint, 0)
                             + coalesce((c.usage#>>'{input,video}')::bigint, 0), (c.usage->>'cached')::bigint)
                    + (c.usage#>>'{output,text}')::bigint + (c.usage#>>'{output,image}')::bigint
                    + coalesce((c.usage->>'thought')::bigint, 0) + coalesce((c.usage->>'search_queries')::bigint, 0), 0) AS quantity,
           coalesce((c.usage#>>'{output,image}')::bigint, 0) AS pictures) q
WHERE (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s) AND c.billing_date >= %(first)s AND c.billing_date < %(end)s
    AND (c.amount <> coalesce(r.amount, 0) OR c.cost < coalesce(r.cost, 0)
         OR (c.cost <> coalesce(r.cost, 0) AND NOT c.flags @> '["repeated_answers"]' AND r.generation_id IS NOT NULL)
         OR r.billing_date <> c.billing_date OR r.last_date <> c.billing_date
         OR r.currency <> c.currency OR r.last_currency <> c.currency OR r.livemode <> c.livemode
         OR r.mispriced > 0
         OR ((q.quantity <> coalesce(r.quantity, 0) OR q.pictures <> coalesce(r.pictures, 0)) AND c.flags::text NOT LIKE '%%unpriced%%'))
