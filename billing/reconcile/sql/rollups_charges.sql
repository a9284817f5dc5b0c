-- The roll-ups of a day count as many generations as have a charge, those that are flagged, and their whole cost.
--! monthly
WITH charges AS (
    SELECT tenant_id, billing_date, livemode, count(*) AS requests, count(*) FILTER (WHERE flags <> '[]') AS flagged,
           sum(amount) AS amount, sum(cost) AS cost
    FROM billing_charge
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3
), rolled AS (
    SELECT tenant_id, billing_date, livemode, coalesce(sum(quantity) FILTER (WHERE kind = 'request'), 0) AS requests,
           sum(flagged) AS flagged, sum(amount) AS amount, sum(cost) AS cost
    FROM billing_usagerollup
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3
)
SELECT tenant_id, concat_ws(' ', billing_date, CASE WHEN livemode THEN 'live' ELSE 'test' END) AS subject, c.requests,
       u.requests AS rolled_requests, c.flagged, u.flagged AS rolled_flagged, c.amount, u.amount AS rolled_amount, c.cost,
       u.cost AS rolled_cost
FROM charges c FULL JOIN rolled u USING (tenant_id, billing_date, livemode)
WHERE (c.requests, c.flagged, c.amount, c.cost) IS DISTINCT FROM (u.requests, u.flagged, u.amount, u.cost)
