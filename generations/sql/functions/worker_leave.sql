-- Gives back what a stopping worker did not end. Jobs whose results lie in its spool (p_keep) stay under its lease, for
-- its successor to settle; if none comes, the lease runs out. The lease is locked before the jobs, as the sweeper does.
CREATE OR REPLACE FUNCTION worker_leave(p_worker uuid, p_keep uuid[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF cardinality(p_keep) = 0 THEN
        DELETE FROM generations_worker WHERE id = p_worker;
    END IF;
    RETURN worker_release(p_worker, 'worker stopped', p_keep);
END $$;
REVOKE ALL ON FUNCTION worker_leave(uuid, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION worker_leave(uuid, uuid[]) TO cavendish_system;
