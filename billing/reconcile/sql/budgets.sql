-- What a budget's period has used and holds is what the holds of that time say.
SELECT p.tenant_id, b.id::text AS subject, p.starts_at, b.scope, b.period, b.metric, p.used, u.used AS holds_used, p.held,
       u.held AS holds_held
FROM billing_budgetperiod p
JOIN billing_budget b ON b.id = p.budget_id
CROSS JOIN LATERAL budget_use(b, p.starts_at, p.resets_at) u
WHERE b.deleted_at IS NULL AND (p.used <> u.used OR p.held <> u.held)
    AND (%(tenant)s::uuid IS NULL OR p.tenant_id = %(tenant)s)
    AND p.starts_at < %(end)s::date + 1 AND coalesce(p.resets_at, 'infinity') > %(first)s::date - 1
