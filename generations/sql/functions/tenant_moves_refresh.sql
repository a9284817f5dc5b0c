-- Sums what each tenant was charged today, in the seven days before and in the seven before those, from the operator's
-- days. Returns how many rows changed, NULL when another scheduler is at it.
CREATE OR REPLACE FUNCTION tenant_moves_refresh() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    the_day date := (now() AT TIME ZONE 'UTC')::date;
    changed bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('activity_refresh', 0)) THEN
        RETURN NULL;
    END IF;
    WITH sums AS MATERIALIZED (
        SELECT d.tenant_id, d.livemode, coalesce(sum(d.amount) FILTER (WHERE d.billing_date = the_day), 0) AS today,
               coalesce(sum(d.amount) FILTER (WHERE d.billing_date < the_day AND d.billing_date >= the_day - 7), 0) AS week,
               coalesce(sum(d.amount) FILTER (WHERE d.billing_date < the_day - 7), 0) AS week_before
        FROM billing_platformday d WHERE d.billing_date >= the_day - 14 AND d.billing_date <= the_day GROUP BY 1, 2
    ), put AS (
        INSERT INTO generations_tenantmove AS m (tenant_id, livemode, day, today, week, week_before)
        SELECT s.tenant_id, s.livemode, the_day, s.today, s.week, s.week_before FROM sums s
        ON CONFLICT (tenant_id, livemode) DO UPDATE
        SET day = excluded.day, today = excluded.today, week = excluded.week, week_before = excluded.week_before
        WHERE (m.day, m.today, m.week, m.week_before)
            IS DISTINCT FROM (excluded.day, excluded.today, excluded.week, excluded.week_before)
        RETURNING 1
    ), gone AS (
        DELETE FROM generations_tenantmove m
        WHERE (m.tenant_id, m.livemode) NOT IN (SELECT s.tenant_id, s.livemode FROM sums s) RETURNING 1
    )
    SELECT (SELECT count(*) FROM put) + (SELECT count(*) FROM gone) INTO changed;
    RETURN changed;
END $$;
REVOKE ALL ON FUNCTION tenant_moves_refresh() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_moves_refresh() TO cavendish_system;
