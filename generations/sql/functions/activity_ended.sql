-- The jobs that ended from p_since on and before p_until, whenever they were accepted: a job may end long after its
-- deadline, when the platform was away. Those that succeeded are in an index by model, size and end, which is read for
-- each model and size that there is; the others, few, have an index of their own, so that no job that succeeds pays for it.
CREATE OR REPLACE FUNCTION activity_ended(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (id uuid, livemode boolean, tenant_id uuid, model varchar, image_size varchar, outcome varchar,
               started_at timestamptz, finished_at timestamptz, retried boolean, error_code text, upstream_status int)
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
    )
    SELECT s.*, '', 0 FROM kinds k CROSS JOIN LATERAL (
        SELECT g.id, g.livemode, g.tenant_id, g.model, g.image_size, g.status, g.started_at, g.finished_at,
               g.attempts > 1 OR g.failures > 0
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
$$;
REVOKE ALL ON FUNCTION activity_ended(timestamptz, timestamptz) FROM PUBLIC;
