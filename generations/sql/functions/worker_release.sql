-- Gives back what runs under a worker's lease, but what it is known to hold (p_keep). With p_older what was handed to it so
-- many seconds ago and it has not heard of: nothing was done for that, so it counts as never begun.
CREATE OR REPLACE FUNCTION worker_release(p_worker uuid, p_reason text, p_keep uuid[] DEFAULT '{}', p_older float8 DEFAULT 0)
RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH freed AS (
        UPDATE generations_generation SET status = 'queued', worker = NULL, run_after = now(),
            attempts = attempts - (p_older > 0)::int,
            started_at = CASE WHEN p_older = 0 THEN started_at END,
            lease_token = CASE WHEN p_older = 0 THEN lease_token END
        WHERE status = 'running' AND worker = p_worker AND id <> ALL (p_keep)
            AND started_at <= now() - make_interval(secs => p_older)
        RETURNING id, tenant_id
    ), events AS (
        INSERT INTO events_event (tenant_id, subject, type, data)
        SELECT tenant_id, id, 'generation.queued',
               jsonb_build_object('old', 'running', 'new', 'queued', 'reason', p_reason) FROM freed
    )
    SELECT count(*)::int FROM freed
$$;
REVOKE ALL ON FUNCTION worker_release(uuid, text, uuid[], float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_release(uuid, text, uuid[], float8) TO cavendish_system;
