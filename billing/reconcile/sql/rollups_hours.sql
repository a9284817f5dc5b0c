-- The roll-ups of an hour have as many usage records and generations as ended in it, with as many tokens.
--! monthly
WITH booked AS (
    SELECT tenant_id, livemode, hour, sum(records) AS records, sum(quantity) AS quantity, sum(requests) AS requests
    FROM (
        SELECT tenant_id, livemode, date_bin('1 hour', at, timestamptz '2000-01-01 00:00+00') AS hour, count(*) AS records,
               sum(quantity) AS quantity, 0 AS requests
        FROM billing_usagerecord
        WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT tenant_id, livemode, date_bin('1 hour', created_at, timestamptz '2000-01-01 00:00+00'), 0, 0, count(*)
        FROM billing_charge
        WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
        GROUP BY 1, 2, 3) x
    GROUP BY 1, 2, 3
), rolled AS (
    SELECT tenant_id, livemode, hour, coalesce(sum(records) FILTER (WHERE kind <> 'request'), 0) AS records,
           coalesce(sum(quantity) FILTER (WHERE kind <> 'request'), 0) AS quantity,
           coalesce(sum(quantity) FILTER (WHERE kind = 'request'), 0) AS requests
    FROM billing_usagerollup
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3
)
SELECT tenant_id, concat_ws(' ', hour, CASE WHEN livemode THEN 'live' ELSE 'test' END) AS subject, b.records,
       r.records AS rolled_records, b.quantity, r.quantity AS rolled_quantity, b.requests, r.requests AS rolled_requests
FROM booked b FULL JOIN rolled r USING (tenant_id, livemode, hour)
WHERE (b.records, b.quantity, b.requests) IS DISTINCT FROM (r.records, r.quantity, r.requests)
