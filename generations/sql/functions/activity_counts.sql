-- Counts the jobs that ended from p_since on and before p_until, by how they ended: for each tenant, and, with tenant_id
-- NULL, for all together. p_edges: the buckets of durations in seconds; duration_counts[i] jobs are in the bucket
-- duration_buckets[i]. Jobs are found by their end, whenever they were accepted: a job may end long after its deadline,
-- when the platform was away. Those that succeeded are in an index by model, size and end, which is read for each model
-- and size that there is; the others, few, have an index of their own, so that no job that succeeds pays for it.
CREATE OR REPLACE FUNCTION activity_counts(p_since timestamptz, p_until timestamptz, p_edges float8[])
RETURNS TABLE (livemode boolean, tenant_id uuid, model varchar, image_size varchar, outcome varchar, error_code text,
               upstream_status int, jobs bigint, pictures bigint, retried bigint, duration_buckets int[],
               duration_counts int[], first_at timestamptz, last_at timestamptz)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    WITH RECURSIVE kinds (model, image_size) AS (
        (SELECT g.model, g.image_size FROM generations_generation g WHERE g.status = 'succeeded'
         ORDER BY g.model, g.image_size LIMIT 1)
        UNION ALL
        SELECT n.model, n.image_size FROM kinds k CROSS JOIN LATERAL (
            SELECT g.model, g.image_size FROM generations_generation g
            WHERE g.status = 'succeeded' AND (g.model, g.image_size) > (k.model, k.image_size)
            ORDER BY g.model, g.image_size LIMIT 1) n
    ), ended AS (
        SELECT s.*, '' AS code, 0 AS upstream FROM kinds k CROSS JOIN LATERAL (
            SELECT g.id, g.livemode, g.tenant_id, g.model, g.image_size, g.status, g.started_at, g.finished_at,
                   g.attempts > 1 OR g.failures > 0 AS again
            FROM generations_generation g
            WHERE g.status = 'succeeded' AND g.model = k.model AND g.image_size = k.image_size
                AND g.finished_at >= p_since AND g.finished_at < p_until) s
        UNION ALL
        SELECT g.id, g.livemode, g.tenant_id, g.model, g.image_size, g.status, g.started_at, g.finished_at, false,
               left(coalesce(g.error->>'code', ''), 40),
               CASE WHEN g.status = 'failed' THEN coalesce((SELECT c.status FROM generations_upstreamcall c
                    WHERE c.generation_id = g.id ORDER BY c.attempt DESC, c.number DESC LIMIT 1), 0) ELSE 0 END
        FROM generations_generation g
        WHERE g.status IN ('failed', 'canceled') AND g.finished_at >= p_since AND g.finished_at < p_until
    ), counted AS (
        SELECT e.livemode, e.tenant_id, e.model, e.image_size, e.status, e.code, e.upstream,
               width_bucket(extract(epoch FROM e.finished_at - e.started_at)::float8, p_edges) AS bucket,
               count(*) AS jobs, coalesce(sum(h.used_images), 0) AS pictures, count(*) FILTER (WHERE e.again) AS retried,
               min(e.finished_at) AS first_at, max(e.finished_at) AS last_at
        FROM ended e LEFT JOIN billing_hold h ON h.generation_id = e.id
        GROUP BY GROUPING SETS ((1, 2, 3, 4, 5, 6, 7, 8), (1, 3, 4, 5, 6, 7, 8))
    )
    SELECT c.livemode, c.tenant_id, c.model, c.image_size, c.status, c.code, c.upstream, sum(c.jobs)::bigint,
           sum(c.pictures)::bigint, sum(c.retried)::bigint,
           coalesce(array_agg(c.bucket ORDER BY c.bucket) FILTER (WHERE c.bucket IS NOT NULL), '{}'),
           coalesce(array_agg(c.jobs::int ORDER BY c.bucket) FILTER (WHERE c.bucket IS NOT NULL), '{}'),
           min(c.first_at), max(c.last_at)
    FROM counted c GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;
REVOKE ALL ON FUNCTION activity_counts(timestamptz, timestamptz, float8[]) FROM PUBLIC;
