-- Repairs what fell between two lines: frees jobs of dead workers, fails queued jobs past their deadline, ends holds of
-- ended jobs; counts queued jobs that nobody took (their doorbells were lost). Where nothing went wrong every count is 0,
-- but `lapsed`: items of batches whose day is over before their turn came, and jobs whose client set a time that is over.
-- p_leases: live workers had the time to renew their leases, so one that has expired is a dead worker's, and its jobs are
-- freed.
-- Nobody's lock holds it up: what others have locked for longer than 0.3 s is left to the next sweep.
CREATE OR REPLACE FUNCTION generation_sweep(p_silent float8, p_leases boolean) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    dead uuid;
    late record;
    freed int := 0;
    expired int := 0;
    lapsed int := 0;
    broken int := 0;
    holds int := 0;
    ended uuid[] := '{}';
    tenants uuid[] := '{}';
    silent int;
BEGIN
    -- Of a transaction that hangs with a tenant's budgets, all others' jobs would wait to be freed and ended.
    PERFORM set_config('lock_timeout', '300ms', true);
    IF p_leases THEN
        DELETE FROM generations_worker WHERE id IN (
            SELECT id FROM generations_worker WHERE expires_at < now() FOR UPDATE SKIP LOCKED);
        FOR dead IN SELECT DISTINCT g.worker FROM generations_generation g
                    WHERE g.status = 'running' AND NOT EXISTS (SELECT 1 FROM generations_worker w WHERE w.id = g.worker) LOOP
            BEGIN
                freed := freed + worker_release(dead, 'worker lost');
            EXCEPTION WHEN lock_not_available THEN
                NULL;
            END;
        END LOOP;
    END IF;
    -- One for each tenant: two jobs of a tenant in one transaction could lock its budgets in an order in which a submit
    -- waits for us and we for it. The caller comes again while something was ended. A row that cannot be ended, whatever
    -- is wrong with it, must not keep the others from it.
    FOR late IN SELECT DISTINCT ON (tenant_id) id, tenant_id, cancel_requested_at,
                    coalesce(cancel_at <= least(deadline_at, now()), false) AS is_over,
                    batch_id IS NOT NULL AND attempts = 0 OR deadline_seconds IS NOT NULL
                        OR coalesce(cancel_at <= now(), false) AS is_lapsed
                FROM generations_generation
                WHERE status = 'queued' AND (deadline_at < now() OR cancel_at < now() OR cancel_requested_at IS NOT NULL)
                ORDER BY tenant_id, id LOOP
        BEGIN
            IF late.cancel_requested_at IS NOT NULL THEN
                PERFORM generation_finish_unrun(late.tenant_id, late.id, 'canceled', NULL, 'canceled');
            ELSIF late.is_over THEN
                PERFORM generation_finish_unrun(late.tenant_id, late.id, 'canceled', NULL, 'cancel_after');
            ELSE
                PERFORM generation_finish_unrun(late.tenant_id, late.id, 'failed', jsonb_build_object('code',
                    'deadline_exceeded', 'message', 'The generation did not end before its deadline.'),
                    'deadline_exceeded');
            END IF;
            expired := expired + (NOT late.is_lapsed)::int;
            lapsed := lapsed + late.is_lapsed::int;
            ended := ended || late.id;
            tenants := tenants || late.tenant_id;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        WHEN OTHERS THEN
            broken := broken + 1;
        END;
    END LOOP;
    FOR late IN SELECT h.generation_id AS id, h.tenant_id FROM billing_hold h
                JOIN generations_generation g ON g.id = h.generation_id
                WHERE h.status = 'held' AND g.status IN ('succeeded', 'failed', 'canceled')
                    AND h.tenant_id <> ALL (tenants) LIMIT 200 LOOP
        -- One at a time, as above: the first that can be ended. What cannot gives its locks back.
        BEGIN
            IF hold_settle(late.tenant_id, late.id, 'released', 0, 0, 0, 0) THEN
                holds := holds + 1;
                EXIT;
            END IF;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        WHEN OTHERS THEN
            broken := broken + 1;
        END;
    END LOOP;
    SELECT count(*) INTO silent FROM (
        SELECT 1 FROM generations_generation g JOIN accounts_tenant t ON t.id = g.tenant_id AND t.status <> 'suspended'
        WHERE g.status = 'queued' AND g.priority = 0 AND g.run_after < now() - make_interval(secs => p_silent)
        LIMIT 256) q;
    RETURN jsonb_build_object('freed', freed, 'expired', expired, 'lapsed', lapsed, 'broken', broken, 'holds', holds,
        'silent', silent, 'ended', to_jsonb(ended));
END $$;
REVOKE ALL ON FUNCTION generation_sweep(float8, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_sweep(float8, boolean) TO cavendish_system;
