-- Counts the jobs that ended in an hour of UTC anew, for each tenant and for all together, and what they cost.
-- Returns how many rows changed: 0 where all was right, NULL when another scheduler is at it.
CREATE OR REPLACE FUNCTION activity_hour_refresh(p_hour timestamptz, p_edges float8[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('activity_refresh', 0)) THEN
        RETURN NULL;
    END IF;
    WITH counts AS MATERIALIZED (
        SELECT * FROM activity_counts(p_hour, p_hour + interval '1 hour', p_edges)
    ), put AS (
        INSERT INTO generations_activityhour AS h (hour, livemode, tenant_id, model, image_size, outcome, error_code,
            upstream_status, jobs, pictures, retried, duration_buckets, duration_counts)
        SELECT p_hour, c.livemode, c.tenant_id, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status,
               c.jobs, c.pictures, c.retried, c.duration_buckets, c.duration_counts
        FROM counts c WHERE c.tenant_id IS NOT NULL
        ON CONFLICT (hour, livemode, tenant_id, model, image_size, outcome, error_code, upstream_status) DO UPDATE
        SET jobs = excluded.jobs, pictures = excluded.pictures, retried = excluded.retried,
            duration_buckets = excluded.duration_buckets, duration_counts = excluded.duration_counts
        WHERE (h.jobs, h.pictures, h.retried, h.duration_buckets, h.duration_counts)
            IS DISTINCT FROM (excluded.jobs, excluded.pictures, excluded.retried, excluded.duration_buckets,
                              excluded.duration_counts)
        RETURNING 1
    ), gone AS (
        DELETE FROM generations_activityhour h
        WHERE h.hour = p_hour AND (h.livemode, h.tenant_id, h.model, h.image_size, h.outcome, h.error_code, h.upstream_status)
            NOT IN (SELECT c.livemode, c.tenant_id, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status
                    FROM counts c WHERE c.tenant_id IS NOT NULL)
        RETURNING 1
    ), put_total AS (
        INSERT INTO generations_activitytotal AS t (hour, livemode, model, image_size, outcome, error_code,
            upstream_status, jobs, pictures, retried, duration_buckets, duration_counts)
        SELECT p_hour, c.livemode, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status, c.jobs,
               c.pictures, c.retried, c.duration_buckets, c.duration_counts
        FROM counts c WHERE c.tenant_id IS NULL
        ON CONFLICT (hour, livemode, model, image_size, outcome, error_code, upstream_status) DO UPDATE
        SET jobs = excluded.jobs, pictures = excluded.pictures, retried = excluded.retried,
            duration_buckets = excluded.duration_buckets, duration_counts = excluded.duration_counts
        WHERE (t.jobs, t.pictures, t.retried, t.duration_buckets, t.duration_counts)
            IS DISTINCT FROM (excluded.jobs, excluded.pictures, excluded.retried, excluded.duration_buckets,
                              excluded.duration_counts)
        RETURNING 1
    ), gone_total AS (
        DELETE FROM generations_activitytotal t
        WHERE t.hour = p_hour AND (t.livemode, t.model, t.image_size, t.outcome, t.error_code, t.upstream_status)
            NOT IN (SELECT c.livemode, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status
                    FROM counts c WHERE c.tenant_id IS NULL)
        RETURNING 1
    ), money AS MATERIALIZED (
        SELECT e.livemode, b.currency, count(*) AS jobs, sum(b.amount) AS amount, sum(b.cost) AS cost
        FROM activity_ended(p_hour, p_hour + interval '1 hour') e JOIN billing_charge b ON b.generation_id = e.id
        GROUP BY 1, 2
    ), put_money AS (
        INSERT INTO generations_activitymoney AS m (hour, livemode, currency, jobs, amount, cost)
        SELECT p_hour, c.livemode, c.currency, c.jobs, c.amount, c.cost FROM money c
        ON CONFLICT (hour, livemode, currency) DO UPDATE
        SET jobs = excluded.jobs, amount = excluded.amount, cost = excluded.cost
        WHERE (m.jobs, m.amount, m.cost) IS DISTINCT FROM (excluded.jobs, excluded.amount, excluded.cost)
        RETURNING 1
    ), gone_money AS (
        DELETE FROM generations_activitymoney m
        WHERE m.hour = p_hour AND (m.livemode, m.currency) NOT IN (SELECT c.livemode, c.currency FROM money c)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM put) + (SELECT count(*) FROM gone) + (SELECT count(*) FROM put_total)
        + (SELECT count(*) FROM gone_total) + (SELECT count(*) FROM put_money) + (SELECT count(*) FROM gone_money)
        INTO changed;
    RETURN changed;
END $$;
REVOKE ALL ON FUNCTION activity_hour_refresh(timestamptz, float8[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activity_hour_refresh(timestamptz, float8[]) TO cavendish_system;
