-- The included pictures that a month counts as used and held are those of its generations; only open holds hold some.
SELECT a.tenant_id, a.month::text AS subject, a.included, a.used, u.used AS generations_used, a.held,
       u.held AS generations_held
FROM billing_allowance a
CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.used), 0) AS used, coalesce(sum(u.held) FILTER (WHERE u.used IS NULL), 0) AS held,
           coalesce(bool_or((u.used IS NULL) <> (h.status = 'held')), false) AS stale
    FROM billing_allowanceuse u JOIN billing_hold h ON h.generation_id = u.generation_id
    WHERE u.allowance_id = a.id) u
WHERE (a.used <> u.used OR a.held <> u.held OR u.stale) AND (%(tenant)s::uuid IS NULL OR a.tenant_id = %(tenant)s)
    AND a.month >= date_trunc('month', %(first)s::date)
