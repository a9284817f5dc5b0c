-- Ends a hold once: what was used moves from `held` to `used` in the periods that held it, the rest is free again; a
-- percentage that is reached adds an alert. Returns false when it had ended before.
CREATE OR REPLACE FUNCTION hold_settle(p_tenant uuid, p_generation uuid, p_status text, p_amount numeric, p_images int,
    p_tokens int, p_requests int) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    ended billing_hold;
    alerting bigint[];
BEGIN
    PERFORM budgets_lock(p_tenant, false);
    -- never above what was held: I3 must not depend on what the upstream reports
    UPDATE billing_hold SET status = p_status, ended_at = clock_timestamp(), used_amount = least(amount, p_amount),
        used_images = least(images, p_images), used_tokens = least(tokens, p_tokens), used_requests = least(1, p_requests)
    WHERE generation_id = p_generation AND tenant_id = p_tenant AND status = 'held' RETURNING * INTO ended;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM allowance_settle(p_tenant, p_generation, ended.used_images);
    WITH lines AS MATERIALIZED (
        SELECT p.id, l.quantity, b.metric, b.alerts
        FROM billing_holdline l
        JOIN billing_budgetperiod p ON p.id = l.budget_period_id
        JOIN billing_budget b ON b.id = p.budget_id
        WHERE l.tenant_id = p_tenant AND l.hold_id = p_generation
        ORDER BY p.id FOR UPDATE OF p
    ), settled AS (
        UPDATE billing_budgetperiod p SET held = p.held - l.quantity,
            used = p.used + CASE l.metric WHEN 'money' THEN ended.used_amount WHEN 'images' THEN ended.used_images
                WHEN 'tokens' THEN ended.used_tokens ELSE ended.used_requests END
        FROM lines l WHERE p.id = l.id
    )
    SELECT array_agg(l.id) FILTER (WHERE l.alerts <> '{}') INTO alerting FROM lines l;
    IF alerting IS NOT NULL THEN
        PERFORM budget_alert(p_tenant, alerting);
    END IF;
    IF ended.amount > 0 THEN
        -- what credits pay of it comes off again with the charge's entries (charge_book)
        UPDATE billing_wallet SET held = held - ended.amount, balance = balance - p_amount, untaxed = untaxed + p_amount
        WHERE tenant_id = p_tenant AND livemode = ended.livemode;
    END IF;
    RETURN true;
END $$;
