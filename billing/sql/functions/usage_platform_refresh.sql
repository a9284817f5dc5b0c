-- Sums the roll-ups of all tenants into a row per billing date, tenant and model, for the operator's pages; by the
-- scheduler, so that no settlement waits for a row that all tenants share. Answers how many rows changed, or NULL when
-- another scheduler is at it.
--
-- Only dates on which jobs may still have ended since the last time: from a day before today, or before the newest date
-- that is summed when nobody was here for longer; and whatever lies in the future, where jobs of closed months go.
CREATE OR REPLACE FUNCTION usage_platform_refresh() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    since date;
    changed int;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('usage_platform_refresh', 0)) THEN
        RETURN NULL;
    END IF;
    SELECT least(today, max(billing_date)) - 1 INTO since FROM billing_platformday WHERE billing_date <= today;
    INSERT INTO billing_platformday AS d (billing_date, livemode, tenant_id, model, requests, images, flagged, amount,
                                          cost, updated_at)
    SELECT u.billing_date, u.livemode, u.tenant_id, u.model, coalesce(sum(u.quantity) FILTER (WHERE u.kind = 'request'), 0),
           sum(u.images), sum(u.flagged), sum(u.amount), sum(u.cost), now()
    FROM billing_usagerollup u
    WHERE u.billing_date >= coalesce(since, '-infinity')
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (billing_date, livemode, tenant_id, model) DO UPDATE
    SET requests = excluded.requests, images = excluded.images, flagged = excluded.flagged, amount = excluded.amount,
        cost = excluded.cost, updated_at = excluded.updated_at
    WHERE (d.requests, d.images, d.flagged, d.amount, d.cost)
        IS DISTINCT FROM (excluded.requests, excluded.images, excluded.flagged, excluded.amount, excluded.cost);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;
REVOKE ALL ON FUNCTION usage_platform_refresh() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_platform_refresh() TO cavendish_system;
