-- No usage record lies in the default partition: partitions are made a year ahead, and rows that waited there move out.
SELECT u.tenant_id, to_char(u.billing_date, 'YYYY-MM') AS subject, count(*) AS records
FROM billing_usagerecord u
WHERE u.tableoid = 'billing_usagerecord_default'::regclass AND (%(tenant)s::uuid IS NULL OR u.tenant_id = %(tenant)s)
    AND u.billing_date >= %(first)s AND u.billing_date < %(end)s
GROUP BY 1, 2
