-- Gives back what a stopping worker did not end. Jobs whose results lie in its spool (p_keep) stay under its lease, for
-- its successor to settle; if none comes, the lease runs out. The lease is locked before the jobs, as the sweeper does.
-- p_calls are the calls that were made for those that are given back.
CREATE OR REPLACE FUNCTION worker_leave(p_worker uuid, p_keep uuid[], p_calls jsonb DEFAULT '[]') RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    held uuid[];
    freed int;
BEGIN
    IF cardinality(p_keep) = 0 THEN
        DELETE FROM generations_worker WHERE id = p_worker;
    END IF;
    held := ARRAY(SELECT id FROM generations_generation WHERE status = 'running' AND worker = p_worker);
    freed := worker_release(p_worker, 'worker stopped', p_keep);
    PERFORM upstream_calls_add(g.tenant_id, c.calls)
    FROM jsonb_array_elements(p_calls) AS c(calls)
    JOIN generations_generation g ON g.id = (c.calls->>'generation_id')::uuid
    WHERE g.id = ANY (held);
    RETURN freed;
END $$;
REVOKE ALL ON FUNCTION worker_leave(uuid, uuid[], jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_leave(uuid, uuid[], jsonb) TO cavendish_system;
