-- A worker process holds one lease for all its jobs. A process that starts under the name of a dead one takes over the
-- jobs whose results that one left in the spool (p_keep) and frees the others at once, instead of after the lease.
CREATE OR REPLACE FUNCTION worker_register(p_name text, p_worker uuid, p_seconds float8, p_keep uuid[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    dead uuid;
    freed int := 0;
BEGIN
    DELETE FROM generations_worker WHERE name = p_name AND id <> p_worker RETURNING id INTO dead;
    INSERT INTO generations_worker (id, name, expires_at)
    VALUES (p_worker, p_name, now() + make_interval(secs => p_seconds))
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at;
    IF dead IS NOT NULL THEN
        UPDATE generations_generation SET worker = p_worker
        WHERE status = 'running' AND worker = dead AND id = ANY (p_keep);
        freed := worker_release(dead, 'worker restarted');
    END IF;
    RETURN freed;
END $$;
REVOKE ALL ON FUNCTION worker_register(text, uuid, float8, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_register(text, uuid, float8, uuid[]) TO cavendish_system;
