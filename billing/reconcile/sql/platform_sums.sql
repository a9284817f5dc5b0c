-- The operator's months and totals are the sums of the operator's days.
WITH days AS (
    SELECT date_trunc('month', billing_date)::date AS month, livemode, tenant_id, model, sum(requests) AS requests,
           sum(images) AS images, sum(flagged) AS flagged, sum(amount) AS amount, sum(cost) AS cost
    FROM billing_platformday
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= date_trunc('month', %(first)s::date) AND billing_date < %(end)s
    GROUP BY 1, 2, 3, 4
), months AS (
    SELECT * FROM billing_platformmonth
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND month >= date_trunc('month', %(first)s::date) AND month < %(end)s
)
SELECT tenant_id, concat_ws(' ', to_char(month, 'YYYY-MM'), CASE WHEN livemode THEN 'live' ELSE 'test' END, model) AS subject,
       m.requests, d.requests AS days_requests, m.amount, d.amount AS days_amount, m.cost, d.cost AS days_cost
FROM months m FULL JOIN days d USING (tenant_id, month, livemode, model)
WHERE (m.requests, m.images, m.flagged, m.amount, m.cost)
    IS DISTINCT FROM (d.requests, d.images, d.flagged, d.amount, d.cost)
UNION ALL
SELECT NULL, concat_ws(' ', billing_date, CASE WHEN livemode THEN 'live' ELSE 'test' END, currency, model), t.requests,
       d.requests, t.amount, d.amount, t.cost, d.cost
FROM (SELECT * FROM billing_platformtotal WHERE billing_date >= %(first)s AND billing_date < %(end)s) t
FULL JOIN (
    SELECT p.billing_date, p.livemode, w.currency, p.model, sum(p.requests) AS requests, sum(p.images) AS images,
           sum(p.flagged) AS flagged, sum(p.amount) AS amount, sum(p.cost) AS cost
    FROM billing_platformday p JOIN billing_wallet w ON w.tenant_id = p.tenant_id AND w.livemode = p.livemode
    WHERE p.billing_date >= %(first)s AND p.billing_date < %(end)s
    GROUP BY 1, 2, 3, 4) d USING (billing_date, livemode, currency, model)
WHERE %(tenant)s::uuid IS NULL
    AND (t.requests, t.images, t.flagged, t.amount, t.cost)
        IS DISTINCT FROM (d.requests, d.images, d.flagged, d.amount, d.cost)
