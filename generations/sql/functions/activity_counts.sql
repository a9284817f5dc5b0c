-- Counts the jobs that ended from p_since on and before p_until, by how they ended: for each tenant, and, with tenant_id
-- NULL, for all together. p_edges: the buckets of durations in seconds; duration_counts[i] jobs are in the bucket
-- duration_buckets[i].
CREATE OR REPLACE FUNCTION activity_counts(p_since timestamptz, p_until timestamptz, p_edges float8[])
RETURNS TABLE (livemode boolean, tenant_id uuid, model varchar, image_size varchar, outcome varchar, error_code text,
               upstream_status int, jobs bigint, pictures bigint, retried bigint, duration_buckets int[],
               duration_counts int[], first_at timestamptz, last_at timestamptz)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    WITH counted AS (
        SELECT e.livemode, e.tenant_id, e.model, e.image_size, e.outcome, e.error_code, e.upstream_status,
               width_bucket(extract(epoch FROM e.finished_at - e.started_at)::float8, p_edges) AS bucket,
               count(*) AS jobs, coalesce(sum(h.used_images), 0) AS pictures,
               count(*) FILTER (WHERE e.retried) AS retried, min(e.finished_at) AS first_at, max(e.finished_at) AS last_at
        FROM activity_ended(p_since, p_until) e LEFT JOIN billing_hold h ON h.generation_id = e.id
        GROUP BY GROUPING SETS ((1, 2, 3, 4, 5, 6, 7, 8), (1, 3, 4, 5, 6, 7, 8))
    )
    SELECT c.livemode, c.tenant_id, c.model, c.image_size, c.outcome, c.error_code, c.upstream_status,
           sum(c.jobs)::bigint, sum(c.pictures)::bigint, sum(c.retried)::bigint,
           coalesce(array_agg(c.bucket ORDER BY c.bucket) FILTER (WHERE c.bucket IS NOT NULL), '{}'),
           coalesce(array_agg(c.jobs::int ORDER BY c.bucket) FILTER (WHERE c.bucket IS NOT NULL), '{}'),
           min(c.first_at), max(c.last_at)
    FROM counted c GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;
REVOKE ALL ON FUNCTION activity_counts(timestamptz, timestamptz, float8[]) FROM PUBLIC;
