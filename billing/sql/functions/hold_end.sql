-- Ends a hold once: what was used moves from `held` to `used` in the period that held it, the rest is free again.
-- False when it had ended before.
CREATE OR REPLACE FUNCTION hold_end(p_tenant uuid, p_generation uuid, p_status text, p_amount numeric, p_images int, p_tokens int,
    p_requests int) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    ended billing_hold;
    line record;
BEGIN
    UPDATE billing_hold SET status = p_status, ended_at = now()
    WHERE generation_id = p_generation AND tenant_id = p_tenant AND status = 'held' RETURNING * INTO ended;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOR line IN
        SELECT p.id, l.quantity, b.metric
        FROM billing_holdline l
        JOIN billing_budgetperiod p ON p.id = l.budget_period_id
        JOIN billing_budget b ON b.id = p.budget_id
        WHERE l.tenant_id = p_tenant AND l.hold_id = p_generation
        ORDER BY p.id FOR UPDATE OF p
    LOOP
        -- never above what was held: I3 must not depend on what the upstream reports
        UPDATE billing_budgetperiod SET held = held - line.quantity, used = used + least(line.quantity,
            CASE line.metric WHEN 'money' THEN p_amount WHEN 'images' THEN p_images WHEN 'tokens' THEN p_tokens
                ELSE p_requests END)
        WHERE id = line.id;
    END LOOP;
    IF ended.amount > 0 THEN
        UPDATE billing_wallet SET held = held - ended.amount, balance = balance - p_amount
        WHERE tenant_id = p_tenant AND livemode = ended.livemode;
    END IF;
    RETURN true;
END $$;
