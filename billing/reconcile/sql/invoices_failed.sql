-- Each draft could be summed up and finalised when that was last tried, and the database knows each tenant's time zone, without
-- which it cannot be drafted.
SELECT i.tenant_id, i.id::text AS subject, i.month, i.failed_at, i.failure
FROM billing_invoice i
WHERE i.status = 'draft' AND i.failure <> '' AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND (i.month >= %(first)s::date OR %(since)s::timestamptz > '-infinity') AND i.month < %(end)s::date
UNION ALL
SELECT t.id, t.slug, NULL, NULL, 'unknown time zone ' || t.billing_timezone
FROM accounts_tenant t
WHERE (%(tenant)s::uuid IS NULL OR t.id = %(tenant)s)
    AND NOT EXISTS (SELECT 1 FROM pg_timezone_names z WHERE z.name = t.billing_timezone)
