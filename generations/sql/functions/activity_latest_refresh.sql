-- Counts the jobs that ended in the last sixty minutes anew, for each tenant and for all together. Returns how many rows
-- changed, NULL when another scheduler is at it.
CREATE OR REPLACE FUNCTION activity_latest_refresh(p_edges float8[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('activity_refresh', 0)) THEN
        RETURN NULL;
    END IF;
    WITH counts AS MATERIALIZED (
        SELECT * FROM activity_counts(now() - interval '1 hour', now(), p_edges)
    ), put AS (
        INSERT INTO generations_activitylatest AS l (livemode, tenant_id, model, image_size, outcome, error_code,
            upstream_status, jobs, pictures, retried, duration_buckets, duration_counts, first_at, last_at)
        SELECT c.livemode, c.tenant_id, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status, c.jobs,
               c.pictures, c.retried, c.duration_buckets, c.duration_counts, c.first_at, c.last_at
        FROM counts c WHERE c.tenant_id IS NOT NULL
        ON CONFLICT (livemode, tenant_id, model, image_size, outcome, error_code, upstream_status) DO UPDATE
        SET jobs = excluded.jobs, pictures = excluded.pictures, retried = excluded.retried,
            duration_buckets = excluded.duration_buckets, duration_counts = excluded.duration_counts,
            first_at = excluded.first_at, last_at = excluded.last_at
        WHERE (l.jobs, l.pictures, l.retried, l.duration_buckets, l.duration_counts, l.first_at, l.last_at)
            IS DISTINCT FROM (excluded.jobs, excluded.pictures, excluded.retried, excluded.duration_buckets,
                              excluded.duration_counts, excluded.first_at, excluded.last_at)
        RETURNING 1
    ), gone AS (
        DELETE FROM generations_activitylatest l
        WHERE (l.livemode, l.tenant_id, l.model, l.image_size, l.outcome, l.error_code, l.upstream_status)
            NOT IN (SELECT c.livemode, c.tenant_id, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status
                    FROM counts c WHERE c.tenant_id IS NOT NULL)
        RETURNING 1
    ), put_total AS (
        INSERT INTO generations_activitylatesttotal AS t (livemode, model, image_size, outcome, error_code,
            upstream_status, jobs, pictures, retried, duration_buckets, duration_counts)
        SELECT c.livemode, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status, c.jobs, c.pictures,
               c.retried, c.duration_buckets, c.duration_counts
        FROM counts c WHERE c.tenant_id IS NULL
        ON CONFLICT (livemode, model, image_size, outcome, error_code, upstream_status) DO UPDATE
        SET jobs = excluded.jobs, pictures = excluded.pictures, retried = excluded.retried,
            duration_buckets = excluded.duration_buckets, duration_counts = excluded.duration_counts
        WHERE (t.jobs, t.pictures, t.retried, t.duration_buckets, t.duration_counts)
            IS DISTINCT FROM (excluded.jobs, excluded.pictures, excluded.retried, excluded.duration_buckets,
                              excluded.duration_counts)
        RETURNING 1
    ), gone_total AS (
        DELETE FROM generations_activitylatesttotal t
        WHERE (t.livemode, t.model, t.image_size, t.outcome, t.error_code, t.upstream_status)
            NOT IN (SELECT c.livemode, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status
                    FROM counts c WHERE c.tenant_id IS NULL)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM put) + (SELECT count(*) FROM gone) + (SELECT count(*) FROM put_total)
        + (SELECT count(*) FROM gone_total) INTO changed;
    RETURN changed;
END $$;
REVOKE ALL ON FUNCTION activity_latest_refresh(float8[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activity_latest_refresh(float8[]) TO cavendish_system;
