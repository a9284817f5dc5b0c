-- What a changed limit, kind or raise of a budget means for the period that runs: at once. A limit below what is used
-- and held makes the cap that; jobs are refused by the limit, so the room that comes free is not given out again.
CREATE OR REPLACE FUNCTION budget_change(p_tenant uuid, p_budget uuid) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    b billing_budget;
    at timestamptz := clock_timestamp();
    periods bigint[];
BEGIN
    SELECT * INTO STRICT b FROM billing_budget WHERE tenant_id = p_tenant AND id = p_budget;
    WITH changed AS (
        UPDATE billing_budgetperiod SET hard = b.hard,
            cap = greatest(budget_limit(b."limit", b.raise_to, b.raise_until, at), used + held)
        WHERE tenant_id = p_tenant AND budget_id = p_budget AND coalesce(resets_at, 'infinity') > at
        RETURNING id)
    SELECT array_agg(id) INTO periods FROM changed;
    PERFORM budget_alert(p_tenant, periods);
END $$;
