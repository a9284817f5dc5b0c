-- Opens the period of a budget that contains p_at (NULL: now), or opens it again after the tenant's time zone went there
-- and back.
-- With p_count it begins with what the tenant's jobs have used and hold of it already, and those that have not ended
-- will settle into it; its caller has budgets_lock alone, so no job is held or ends meanwhile. Without, it is a new period's
-- first job that opens it.
CREATE OR REPLACE FUNCTION budget_period_open(p_tenant uuid, p_budget uuid, p_at timestamptz, p_count boolean)
RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    b billing_budget;
    at timestamptz := coalesce(p_at, clock_timestamp());
    bounds record;
    allowed numeric;
    period bigint;
    counted record;
BEGIN
    SELECT * INTO STRICT b FROM billing_budget WHERE tenant_id = p_tenant AND id = p_budget;
    SELECT s.* INTO bounds FROM accounts_tenant t, budget_period_bounds(b.period, b.created_at, t.billing_timezone, at) s
    WHERE t.id = p_tenant;
    allowed := budget_limit(b."limit", b.raise_to, b.raise_until, at);
    IF NOT p_count THEN
        -- Another first job may be opening it too. To update its row here would lock it out of the order in which jobs
        -- lock their periods.
        INSERT INTO billing_budgetperiod (tenant_id, budget_id, starts_at, resets_at, cap, hard, used, held)
        VALUES (p_tenant, p_budget, bounds.starts_at, bounds.resets_at, allowed, b.hard, 0, 0)
        ON CONFLICT (budget_id, starts_at) DO NOTHING;
        RETURN;
    END IF;

    INSERT INTO billing_budgetperiod (tenant_id, budget_id, starts_at, resets_at, cap, hard, used, held, alerted)
    VALUES (p_tenant, p_budget, bounds.starts_at, bounds.resets_at, allowed, b.hard, 0, 0,
            -- what was alerted of a period that overlaps, because the time zone changed, is not alerted again
            coalesce((SELECT alerted FROM billing_budgetperiod WHERE budget_id = p_budget
                      AND coalesce(resets_at, 'infinity') > bounds.starts_at ORDER BY id DESC LIMIT 1), '{}'))
    ON CONFLICT (budget_id, starts_at) DO UPDATE SET resets_at = excluded.resets_at
    RETURNING id INTO period;
    -- What has not ended finds its line when it does.
    INSERT INTO billing_holdline (tenant_id, hold_id, budget_period_id, quantity)
    SELECT p_tenant, h.generation_id, period,
           CASE b.metric WHEN 'money' THEN h.amount WHEN 'images' THEN h.images WHEN 'tokens' THEN h.tokens ELSE 1 END
    FROM billing_hold h
    WHERE h.tenant_id = p_tenant AND h.status = 'held' AND h.livemode = b.livemode
        AND (b.period = 'total' OR h.created_at >= bounds.starts_at)
        AND b.scope_id = CASE b.scope WHEN 'tenant' THEN h.tenant_id WHEN 'key' THEN h.api_key_id ELSE h.member_id END
        AND NOT EXISTS (SELECT 1 FROM billing_holdline l WHERE l.hold_id = h.generation_id AND l.budget_period_id = period);
    IF b.period = 'total' THEN
        SELECT 0::numeric AS used, coalesce(sum(quantity), 0) AS held INTO counted
        FROM billing_holdline WHERE budget_period_id = period;
    ELSE
        SELECT * INTO counted FROM budget_use(b, bounds.starts_at, bounds.resets_at);
    END IF;
    UPDATE billing_budgetperiod SET used = counted.used, held = counted.held,
        cap = greatest(allowed, counted.used + counted.held)
    WHERE id = period;
    PERFORM budget_alert(p_tenant, ARRAY[period]);
END $$;
