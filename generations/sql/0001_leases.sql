-- A worker process holds one lease for all its jobs. A process that starts under the name of a dead one takes over the
-- jobs whose answers that one left in the spool (p_keep) and frees the others at once, instead of after the lease.
CREATE FUNCTION worker_register(p_name text, p_worker uuid, p_seconds float8, p_keep uuid[]) RETURNS int
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
        freed := worker_free(dead, 'worker restarted');
    END IF;
    RETURN freed;
END $$;

-- Gives back what runs under a worker's lease, but what it is known to hold (p_keep).
CREATE FUNCTION worker_free(p_worker uuid, p_reason text, p_keep uuid[] DEFAULT '{}') RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH freed AS (
        UPDATE generations_generation SET status = 'queued', worker = NULL, run_after = now()
        WHERE status = 'running' AND worker = p_worker AND id <> ALL (p_keep) RETURNING id, tenant_id
    ), told AS (
        INSERT INTO events_event (tenant_id, subject, type, data)
        SELECT tenant_id, id, 'generation.queued',
               jsonb_build_object('old', 'running', 'new', 'queued', 'reason', p_reason) FROM freed
    )
    SELECT count(*)::int FROM freed
$$;

-- Extends the lease. Answers the ids of its jobs that were asked to stop, or NULL when the lease was lost meanwhile.
CREATE FUNCTION worker_heartbeat(p_worker uuid, p_seconds float8) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE generations_worker SET expires_at = now() + make_interval(secs => p_seconds) WHERE id = p_worker;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT coalesce(array_agg(id), '{}') FROM generations_generation
            WHERE status = 'running' AND worker = p_worker AND cancel_requested_at IS NOT NULL);
END $$;

-- Gives back what a stopping worker did not end. Jobs whose answers lie in its spool (p_keep) stay under its lease, for
-- its successor to settle; if none comes, the lease runs out.
CREATE FUNCTION worker_leave(p_worker uuid, p_keep uuid[]) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    freed int := worker_free(p_worker, 'worker stopped', p_keep);
BEGIN
    IF cardinality(p_keep) = 0 THEN
        DELETE FROM generations_worker WHERE id = p_worker;
    END IF;
    RETURN freed;
END $$;

-- Repairs what fell between two lines: frees jobs of dead workers, fails queued jobs past their deadline, ends holds of
-- ended jobs; counts queued jobs that nobody took (their doorbells were lost). Every count is 0 in calm weather.
-- p_calm: live workers had the time to renew their leases, so an expired one is a dead worker's.
CREATE FUNCTION generation_sweep(p_silent float8, p_calm boolean) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    dead uuid;
    late record;
    freed int := 0;
    expired int := 0;
    broken int := 0;
    holds int := 0;
    ended uuid[] := '{}';
    silent int;
BEGIN
    IF p_calm THEN
        FOR dead IN DELETE FROM generations_worker WHERE expires_at < now() RETURNING id LOOP
            freed := freed + worker_free(dead, 'worker lost');
        END LOOP;
        FOR dead IN SELECT DISTINCT g.worker FROM generations_generation g
                    WHERE g.status = 'running' AND NOT EXISTS (SELECT 1 FROM generations_worker w WHERE w.id = g.worker) LOOP
            freed := freed + worker_free(dead, 'worker lost');
        END LOOP;
    END IF;
    -- One for each tenant: two jobs of a tenant in one transaction could lock its budgets in an order in which a submit
    -- waits for us and we for it. The caller comes again while something was ended. A row that cannot be ended, whatever
    -- is wrong with it, must not keep the others from it.
    FOR late IN SELECT DISTINCT ON (tenant_id) id, tenant_id, cancel_requested_at FROM generations_generation
                WHERE status = 'queued' AND (deadline_at < now() OR cancel_requested_at IS NOT NULL)
                ORDER BY tenant_id, id LOOP
        BEGIN
            IF late.cancel_requested_at IS NOT NULL THEN
                PERFORM generation_end_unrun(late.tenant_id, late.id, 'canceled', NULL, 'canceled');
            ELSE
                PERFORM generation_end_unrun(late.tenant_id, late.id, 'failed', jsonb_build_object('code',
                    'deadline_exceeded', 'message', 'The generation did not end before its deadline.'),
                    'deadline_exceeded');
            END IF;
            expired := expired + 1;
            ended := ended || late.id;
        EXCEPTION WHEN OTHERS THEN
            broken := broken + 1;
        END;
    END LOOP;
    FOR late IN SELECT h.generation_id AS id, h.tenant_id FROM billing_hold h
                JOIN generations_generation g ON g.id = h.generation_id
                WHERE h.status = 'held' AND g.status IN ('succeeded', 'failed', 'canceled') LIMIT 1 LOOP
        IF hold_end(late.tenant_id, late.id, 'released', 0, 0, 0, 0) THEN
            holds := holds + 1;
        END IF;
    END LOOP;
    SELECT count(*) INTO silent FROM (
        SELECT 1 FROM generations_generation
        WHERE status = 'queued' AND run_after < now() - make_interval(secs => p_silent) LIMIT 256) q;
    RETURN jsonb_build_object('freed', freed, 'expired', expired, 'broken', broken, 'holds', holds, 'silent', silent, 'ended', to_jsonb(ended));
END $$;

-- Which of these have ended; the slow poll behind the wake-ups. Answers ids that the asker knows already, nothing else.
CREATE FUNCTION generation_ended(p_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT id FROM generations_generation WHERE id = ANY (p_ids) AND status IN ('succeeded', 'failed', 'canceled')
$$;

-- The tenant of an output that a signed URL names; the signature is checked before it is asked.
CREATE FUNCTION output_tenant(p_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT tenant_id FROM generations_output WHERE id = p_id $$;

CREATE FUNCTION generation_tenant(p_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT tenant_id FROM generations_generation WHERE id = p_id $$;

REVOKE ALL ON FUNCTION generation_claim(uuid, int, bigint, boolean), worker_register(text, uuid, float8, uuid[]),
    worker_free(uuid, text, uuid[]), worker_heartbeat(uuid, float8), worker_leave(uuid, uuid[]), generation_sweep(float8, boolean),
    generation_ended(uuid[]), output_tenant(uuid), generation_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_claim(uuid, int, bigint, boolean), worker_register(text, uuid, float8, uuid[]),
    worker_free(uuid, text, uuid[]), worker_heartbeat(uuid, float8), worker_leave(uuid, uuid[]), generation_sweep(float8, boolean) TO cavendish_system;
GRANT EXECUTE ON FUNCTION generation_ended(uuid[]), output_tenant(uuid), generation_tenant(uuid) TO cavendish_app;
