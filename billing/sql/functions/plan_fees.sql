-- What a tenant's plan costs for a month besides its usage (p_used is what that comes to, before credits), as lines of the
-- invoice: base fee, volume discount, and what is missing of the minimum commitment.
--
-- Base fee and commitment are shares of days: the day on which a plan or its terms begin is theirs, so the first month counts from
-- the day of joining on. Base fee and usage, less the discount, count towards the commitment. The discount is that of the terms of
-- the month's last day: of what the usage comes to above each step, that step's percentage. A tenant that is closing pays none
-- of this.
CREATE OR REPLACE FUNCTION plan_fees(p_tenant uuid, p_month date, p_zone text, p_used numeric, p_digits int)
RETURNS TABLE (place int, type text, description text, exact numeric, since date)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    until date := (p_month + interval '1 month')::date;
    whole numeric := until - p_month;
BEGIN
    -- most tenants have no such plan, and this runs for each of them
    IF NOT EXISTS (SELECT 1 FROM billing_subscription s JOIN billing_planversion v ON v.plan_id = s.plan_id
                   WHERE s.tenant_id = p_tenant
                       AND (v.base_fee > 0 OR v.minimum_commitment > 0 OR v.volume_discounts <> '[]'))
        OR EXISTS (SELECT 1 FROM accounts_tenant t WHERE t.id = p_tenant AND t.status IN ('closing', 'erased')) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH terms AS (
        SELECT d.day, p.name, v.base_fee, v.minimum_commitment, v.volume_discounts
        FROM (SELECT g::date AS day, ((g + interval '1 day') AT TIME ZONE p_zone) AS ends
              FROM generate_series(p_month::timestamp, until - interval '1 day', interval '1 day') g) d
        CROSS JOIN LATERAL (SELECT s.plan_id FROM billing_subscription s
                            WHERE s.tenant_id = p_tenant AND s.starts_at < d.ends ORDER BY s.starts_at DESC LIMIT 1) s
        JOIN billing_plan p ON p.id = s.plan_id
        CROSS JOIN LATERAL (SELECT n.base_fee, n.minimum_commitment, n.volume_discounts FROM billing_planversion n
                            WHERE n.plan_id = s.plan_id AND n.effective_from < d.ends
                            ORDER BY n.effective_from DESC LIMIT 1) v
    ), fees AS (
        SELECT 1 AS place, 'base_fee' AS type,
               t.name || CASE WHEN count(*) < whole THEN format(', %s of %s days', count(*), whole) ELSE '' END AS description,
               round(t.base_fee * count(*) / whole, 9) AS exact, min(t.day) AS since
        FROM terms t WHERE t.base_fee > 0 GROUP BY t.name, t.base_fee
    ), discounts AS (
        SELECT 2 AS place, 'discount' AS type, t.name AS description,
               -round(sum(greatest(least(p_used, s.below) - s.above, 0) * s.percent / 100), 9) AS exact
        FROM terms t
        CROSS JOIN LATERAL (SELECT (e->>'above')::numeric AS above, (e->>'percent')::numeric AS percent,
                                   coalesce(lead((e->>'above')::numeric) OVER (ORDER BY (e->>'above')::numeric), p_used) AS below
                            FROM jsonb_array_elements(t.volume_discounts) e) s
        WHERE t.day = until - 1 GROUP BY t.name
    ), spent AS (
        SELECT p_used + coalesce((SELECT sum(f.exact) FROM fees f), 0) + coalesce((SELECT sum(d.exact) FROM discounts d), 0) AS exact
    ), committed AS (
        SELECT round(sum(t.minimum_commitment) / whole, 9) AS least FROM terms t
    )
    SELECT f.place, f.type, f.description, f.exact, f.since FROM fees f WHERE round(f.exact, p_digits) > 0
    UNION ALL
    SELECT d.place, d.type, d.description, d.exact, NULL::date FROM discounts d WHERE round(d.exact, p_digits) < 0
    UNION ALL
    SELECT 3, 'commitment', format('up to %s', round(c.least, p_digits)), c.least - s.exact, NULL
    FROM committed c, spent s WHERE round(c.least - s.exact, p_digits) > 0;
END $$;
