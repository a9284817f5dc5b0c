-- What the holds themselves say of a budget's use in a period: settled by jobs that were held in it, and held by those
-- that have not ended. A budget that is created in mid-period begins with this, and `reconcile` compares with it. For
-- `total` jobs count from the budget's making on, also those that had been held before and settled after.
CREATE OR REPLACE FUNCTION budget_use(b billing_budget, p_starts timestamptz, p_resets timestamptz,
    OUT used numeric, OUT held numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT coalesce(sum(CASE b.metric WHEN 'money' THEN h.used_amount WHEN 'images' THEN h.used_images
               WHEN 'tokens' THEN h.used_tokens ELSE h.used_requests END) FILTER (WHERE h.status <> 'held'), 0),
           coalesce(sum(CASE b.metric WHEN 'money' THEN h.amount WHEN 'images' THEN h.images
               WHEN 'tokens' THEN h.tokens ELSE 1 END) FILTER (WHERE h.status = 'held'), 0)
    FROM (
        SELECT * FROM billing_hold
        WHERE tenant_id = b.tenant_id AND livemode = b.livemode AND created_at >= p_starts
            AND (p_resets IS NULL OR created_at < p_resets)
        UNION ALL
        SELECT * FROM billing_hold
        WHERE b.period = 'total' AND tenant_id = b.tenant_id AND livemode = b.livemode AND created_at < p_starts
            AND (ended_at >= p_starts OR status = 'held')) h
    WHERE b.scope_id = CASE b.scope WHEN 'tenant' THEN h.tenant_id WHEN 'key' THEN h.api_key_id ELSE h.member_id END
$$;
