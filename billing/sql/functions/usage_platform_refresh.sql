-- Sums the roll-ups of all tenants for the operator's pages: by billing date, tenant and model; these by month; and by
-- billing date and model over all tenants. By the scheduler, so that no settlement waits for a row that all tenants
-- share. Returns how many days of tenants changed, or NULL when another scheduler is at it.
--
-- Only dates on which jobs may still have ended since the last time (platform_days_open): from a day before today, or before
-- the newest date that is summed when nobody was here for longer; whatever lies in the future, where jobs of closed months
-- go; and the last days of the two months before, to which jobs belong that were accepted in a month that is not closed.
CREATE OR REPLACE FUNCTION usage_platform_refresh() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    since date;
    late date[];
    changed int;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('usage_platform_refresh', 0)) THEN
        RETURN NULL;
    END IF;
    SELECT o.since, o.late INTO since, late FROM platform_days_open() o;

    INSERT INTO billing_platformday AS d (billing_date, livemode, tenant_id, model, requests, images, flagged, amount,
                                          cost, updated_at)
    SELECT u.billing_date, u.livemode, u.tenant_id, u.model, coalesce(sum(u.quantity) FILTER (WHERE u.kind = 'request'), 0),
           sum(u.images), sum(u.flagged), sum(u.amount), sum(u.cost), now()
    FROM billing_usagerollup u
    WHERE u.billing_date >= since OR u.billing_date = ANY (late)
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (billing_date, livemode, tenant_id, model) DO UPDATE
    SET requests = excluded.requests, images = excluded.images, flagged = excluded.flagged, amount = excluded.amount,
        cost = excluded.cost, updated_at = excluded.updated_at
    WHERE (d.requests, d.images, d.flagged, d.amount, d.cost)
        IS DISTINCT FROM (excluded.requests, excluded.images, excluded.flagged, excluded.amount, excluded.cost);
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed = 0 THEN
        RETURN 0;
    END IF;

    INSERT INTO billing_platformmonth AS m (month, livemode, tenant_id, model, requests, images, flagged, amount, cost)
    SELECT date_trunc('month', d.billing_date)::date, d.livemode, d.tenant_id, d.model, sum(d.requests), sum(d.images),
           sum(d.flagged), sum(d.amount), sum(d.cost)
    FROM billing_platformday d
    -- whole months of those tenants whose days have changed just now
    WHERE (d.livemode, d.tenant_id) IN (SELECT c.livemode, c.tenant_id FROM billing_platformday c
                                        WHERE (c.billing_date >= since OR c.billing_date = ANY (late))
                                            AND c.updated_at = now())
        AND d.billing_date >= CASE WHEN since = '-infinity' THEN since
            ELSE date_trunc('month', least(since, late[2]))::date END
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (month, livemode, tenant_id, model) DO UPDATE
    SET requests = excluded.requests, images = excluded.images, flagged = excluded.flagged, amount = excluded.amount,
        cost = excluded.cost
    WHERE (m.requests, m.images, m.flagged, m.amount, m.cost)
        IS DISTINCT FROM (excluded.requests, excluded.images, excluded.flagged, excluded.amount, excluded.cost);

    INSERT INTO billing_platformtotal AS t (billing_date, livemode, currency, model, requests, images, flagged, amount, cost)
    SELECT d.billing_date, d.livemode, w.currency, d.model, sum(d.requests), sum(d.images), sum(d.flagged), sum(d.amount),
           sum(d.cost)
    FROM billing_platformday d JOIN billing_wallet w ON w.tenant_id = d.tenant_id AND w.livemode = d.livemode
    WHERE d.billing_date >= since OR d.billing_date = ANY (late)
    GROUP BY 1, 2, 3, 4
    ON CONFLICT (billing_date, livemode, currency, model) DO UPDATE
    SET requests = excluded.requests, images = excluded.images, flagged = excluded.flagged, amount = excluded.amount,
        cost = excluded.cost
    WHERE (t.requests, t.images, t.flagged, t.amount, t.cost)
        IS DISTINCT FROM (excluded.requests, excluded.images, excluded.flagged, excluded.amount, excluded.cost);
    RETURN changed;
END $$;
REVOKE ALL ON FUNCTION usage_platform_refresh() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_platform_refresh() TO cavendish_system;
