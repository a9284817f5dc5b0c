-- Extends the lease. p_state: what the worker says of itself (WorkerState). Returns the ids of its jobs that were asked to stop, or NULL when the lease was lost meanwhile.
CREATE OR REPLACE FUNCTION worker_heartbeat(p_worker uuid, p_seconds float8, p_state jsonb DEFAULT '{}') RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE generations_worker SET expires_at = now() + make_interval(secs => p_seconds), state = p_state WHERE id = p_worker;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT coalesce(array_agg(id), '{}') FROM generations_generation
            WHERE status = 'running' AND worker = p_worker AND cancel_requested_at IS NOT NULL);
END $$;
REVOKE ALL ON FUNCTION worker_heartbeat(uuid, float8, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_heartbeat(uuid, float8, jsonb) TO cavendish_system;
