-- The roll-ups of one tenant's month anew, out of its records and charges, by tier and unit price. Its jobs that end meanwhile
-- wait for the lock of the month. Where records and roll-ups do not say the same it changes nothing: `reconcile` names that.
-- Parameters: tenant, month.
SELECT 1 FROM billing_billingperiod WHERE tenant_id = %(tenant)s AND month = %(month)s FOR UPDATE;

UPDATE billing_usagerecord r
SET tier = g.tier,
    unit = CASE WHEN r.unit <> '' THEN r.unit WHEN r.kind IN ('included', 'absorbed') THEN 'each'
                WHEN r.kind = 'search_query' THEN 'per_1k_queries' ELSE 'per_1m_tokens' END,
    pieces = CASE WHEN r.unit = 'per_image' THEN
                  CASE WHEN r.unit_price > 0 THEN round(r.amount / r.unit_price) ELSE r.images END END
FROM generations_generation g
WHERE g.id = r.generation_id AND r.tenant_id = %(tenant)s AND r.billing_date >= %(month)s
    AND r.billing_date < (%(month)s::date + interval '1 month')::date
    AND (g.tier <> r.tier OR r.unit = '' OR (r.unit = 'per_image' AND r.pieces IS NULL));

CREATE TEMPORARY TABLE priced AS
WITH records AS (
    SELECT r.*, CASE WHEN r.kind IN ('included', 'absorbed') THEN '' ELSE r.unit END AS sold_by,
           CASE WHEN r.kind IN ('included', 'absorbed') THEN 0 ELSE r.unit_price END AS price
    FROM billing_usagerecord r
    WHERE r.tenant_id = %(tenant)s AND r.billing_date >= %(month)s
        AND r.billing_date < (%(month)s::date + interval '1 month')::date
)
SELECT billing_date, date_trunc('hour', at, 'UTC') AS hour, livemode, model, api_key_id,
       coalesce(member_id, '00000000-0000-0000-0000-000000000000') AS member_id, image_size, kind, tier, sold_by AS unit,
       price AS unit_price, count(*) AS records, sum(quantity) AS quantity, sum(coalesce(pieces, quantity)) AS billed,
       sum(images) AS images, 0::bigint AS flagged, sum(amount) AS amount, sum(cost) AS cost
FROM records GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
UNION ALL
SELECT c.billing_date, date_trunc('hour', c.created_at, 'UTC'), c.livemode, g.model, g.api_key_id,
       coalesce(g.member_id, '00000000-0000-0000-0000-000000000000'), g.image_size, 'request', g.tier, '', 0, 0, count(*), 0,
       0, count(*) FILTER (WHERE c.flags <> '[]'), 0, sum(c.cost - coalesce(l.cost, 0))
FROM billing_charge c
JOIN generations_generation g ON g.id = c.generation_id
LEFT JOIN (SELECT generation_id, sum(cost) AS cost FROM records GROUP BY 1) l ON l.generation_id = c.generation_id
WHERE c.tenant_id = %(tenant)s AND c.billing_date >= %(month)s
    AND c.billing_date < (%(month)s::date + interval '1 month')::date
GROUP BY 1, 2, 3, 4, 5, 6, 7, 9;

WITH kept AS (
    SELECT * FROM billing_usagerollup
    WHERE tenant_id = %(tenant)s AND billing_date >= %(month)s
        AND billing_date < (%(month)s::date + interval '1 month')::date
)
DELETE FROM priced
WHERE (SELECT coalesce(jsonb_agg(s ORDER BY s::text), '[]') FROM (
           SELECT billing_date, livemode, model, kind, sum(records), sum(quantity), sum(images), sum(flagged),
                  sum(amount)::numeric(30, 9) AS amount, sum(cost)::numeric(30, 9) AS cost
           FROM kept GROUP BY 1, 2, 3, 4) s)
    <> (SELECT coalesce(jsonb_agg(s ORDER BY s::text), '[]') FROM (
           SELECT billing_date, livemode, model, kind, sum(records), sum(quantity), sum(images), sum(flagged),
                  sum(amount)::numeric(30, 9) AS amount, sum(cost)::numeric(30, 9) AS cost
           FROM priced GROUP BY 1, 2, 3, 4) s);

DELETE FROM billing_usagerollup
WHERE tenant_id = %(tenant)s AND billing_date >= %(month)s AND billing_date < (%(month)s::date + interval '1 month')::date
    AND EXISTS (SELECT 1 FROM priced);

INSERT INTO billing_usagerollup (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind,
    tier, unit, unit_price, records, quantity, billed, images, flagged, amount, cost)
SELECT %(tenant)s, p.billing_date, p.hour, p.livemode, p.model, p.api_key_id, p.member_id, p.image_size, p.kind, p.tier,
       p.unit, p.unit_price, p.records, p.quantity, p.billed, p.images, p.flagged, p.amount, p.cost
FROM priced p;

DROP TABLE priced;
