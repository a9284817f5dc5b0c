-- The roll-ups are the sums of the usage records, by tenant, billing date, mode, model, key, member, size, kind, tier and unit price.
--! monthly
WITH records AS (
    SELECT tenant_id, billing_date, livemode, model, api_key_id,
           coalesce(member_id, '00000000-0000-0000-0000-000000000000') AS member_id, image_size, kind, tier,
           CASE WHEN kind IN ('included', 'absorbed') THEN '' ELSE unit END AS unit,
           CASE WHEN kind IN ('included', 'absorbed') THEN 0 ELSE unit_price END AS unit_price, count(*) AS records,
           sum(quantity) AS quantity, sum(coalesce(pieces, quantity)) AS billed, sum(images) AS images, sum(amount) AS amount,
           sum(cost) AS cost
    FROM billing_usagerecord
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
), rolled AS (
    SELECT tenant_id, billing_date, livemode, model, api_key_id, member_id, image_size, kind, tier, unit, unit_price,
           sum(records) AS records, sum(quantity) AS quantity, sum(billed) AS billed, sum(images) AS images,
           sum(amount) AS amount, sum(cost) AS cost
    FROM billing_usagerollup
    WHERE kind <> 'request' AND (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s)
        AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)
SELECT tenant_id, concat_ws(' ', billing_date, CASE WHEN livemode THEN 'live' ELSE 'test' END, model, api_key_id, image_size,
                            kind, tier, trim_scale(unit_price), unit) AS subject,
       r.records, u.records AS rolled_records, r.quantity, u.quantity AS rolled_quantity, r.billed,
       u.billed AS rolled_billed, r.images, u.images AS rolled_images, r.amount, u.amount AS rolled_amount, r.cost,
       u.cost AS rolled_cost
FROM records r
FULL JOIN rolled u
    USING (tenant_id, billing_date, livemode, model, api_key_id, member_id, image_size, kind, tier, unit, unit_price)
WHERE (r.records, r.quantity, r.billed, r.images, r.amount, r.cost)
    IS DISTINCT FROM (u.records, u.quantity, u.billed, u.images, u.amount, u.cost)
