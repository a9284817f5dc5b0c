-- The operator's days are the sums of the roll-ups; those that the scheduler sums next (platform_days_open) lag at most.
--! monthly
WITH rolled AS (
    SELECT tenant_id, billing_date, livemode, model, coalesce(sum(quantity) FILTER (WHERE kind = 'request'), 0) AS requests,
           sum(images) AS images, sum(flagged) AS flagged, sum(amount) AS amount, sum(cost) AS cost
    FROM billing_usagerollup
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3, 4
), days AS (
    SELECT * FROM billing_platformday
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
)
SELECT tenant_id, concat_ws(' ', billing_date, CASE WHEN livemode THEN 'live' ELSE 'test' END, model) AS subject, d.requests,
       r.requests AS rolled_requests, d.images, r.images AS rolled_images, d.amount, r.amount AS rolled_amount, d.cost,
       r.cost AS rolled_cost
FROM days d FULL JOIN rolled r USING (tenant_id, billing_date, livemode, model)
CROSS JOIN platform_days_open() o
WHERE CASE WHEN billing_date < o.since AND billing_date <> ALL (o.late)
    THEN (d.requests, d.images, d.flagged, d.amount, d.cost)
        IS DISTINCT FROM (r.requests, r.images, r.flagged, r.amount, r.cost)
    ELSE d.requests > coalesce(r.requests, 0) OR d.images > coalesce(r.images, 0) OR d.amount > coalesce(r.amount, 0)
        OR d.cost > coalesce(r.cost, 0) END
