-- Claims up to p_limit jobs for a worker: among tenants with queued jobs the one with the fewest running for its weight,
-- then the oldest; interactive before batch. p_bytes bounds what the claimed jobs may occupy together; an idle worker
-- takes one in any case. p_batch bounds how many of them may be items of batches. They come in the order of their turns.
-- The event names the worker, which is the operator's to know (event_page leaves it out).
--
-- Never more running per tenant than its limit, which is counted under the tenant's row lock. Items of batches do not
-- count against it, or they would keep interactive jobs out; they get what interactive ones leave of it.
--
-- An item of a batch may wait for a day, but once it has started it has p_seconds, as every job, or less where
-- its request says so.
--
-- Its plans are kept: of a partitioned table PostgreSQL would plan each time anew (decision 0038).
--
-- SECURITY DEFINER: the system role works across tenants through functions like this one and has no rights on tables.
CREATE OR REPLACE FUNCTION generation_claim(p_worker uuid, p_limit int, p_bytes bigint, p_idle boolean, p_batch int,
    p_seconds float8)
RETURNS TABLE (id uuid, tenant_id uuid, attempt int, lease_token uuid, job jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    picked uuid[];
    tenants uuid[];
BEGIN
    -- A jump from tenant to tenant along the index (priority, tenant, …): the cost is in tenants that wait, not in jobs.
    WITH RECURSIVE lanes AS (
        (SELECT g.priority, g.tenant_id FROM generations_generation g
         WHERE g.status = 'queued' ORDER BY g.priority, g.tenant_id LIMIT 1)
        UNION ALL
        SELECT n.priority, n.tenant_id FROM lanes l CROSS JOIN LATERAL (
            SELECT g.priority, g.tenant_id FROM generations_generation g
            WHERE g.status = 'queued' AND (g.priority, g.tenant_id) > (l.priority, l.tenant_id)
            ORDER BY g.priority, g.tenant_id LIMIT 1) n
    ), ranked AS (
        SELECT q.id, l.priority, l.tenant_id, q.run_after, q.estimated_bytes,
               (r.counted + q.place)::float8 / t.weight AS share
        FROM lanes l
        -- what a suspended tenant has queued waits for the end of the suspension, or for its deadline
        JOIN accounts_tenant t ON t.id = l.tenant_id AND t.status <> 'suspended'
        CROSS JOIN LATERAL (SELECT count(*) AS counted FROM generations_generation g
                            WHERE g.status = 'running' AND g.tenant_id = l.tenant_id
                                AND g.priority <= l.priority) r
        CROSS JOIN LATERAL (
            SELECT h.id, h.run_after, h.estimated_bytes, row_number() OVER (ORDER BY h.run_after, h.id) AS place
            FROM (SELECT g.id, g.run_after, g.estimated_bytes FROM generations_generation g
                  WHERE g.status = 'queued' AND g.priority = l.priority AND g.tenant_id = l.tenant_id
                      AND g.run_after <= now() AND g.cancel_requested_at IS NULL
                      AND (g.cancel_at IS NULL OR g.cancel_at > now())
                      AND (g.batch_id IS NULL OR g.deadline_at > now())
                  ORDER BY g.run_after, g.id
                  LIMIT least(p_limit, greatest(t.concurrency_limit - r.counted, 0))) h) q
    ), fairest AS (
        SELECT c.*, sum(c.estimated_bytes) OVER turns AS occupied, row_number() OVER turns AS turn,
               row_number() OVER (PARTITION BY c.priority ORDER BY c.share, c.run_after, c.id) AS turn_in_lane
        FROM ranked c WINDOW turns AS (ORDER BY c.priority, c.share, c.run_after, c.id)
    )
    SELECT array_agg(f.id ORDER BY f.turn), array_agg(DISTINCT f.tenant_id) INTO picked, tenants
    FROM fairest f
    WHERE f.turn <= p_limit AND (f.occupied <= p_bytes OR (p_idle AND f.turn = 1))
        AND (f.priority = 0 OR f.turn_in_lane <= p_batch);

    IF picked IS NULL THEN
        RETURN;
    END IF;
    -- Two workers that count the running jobs of one tenant at once would both find room; the lock lets one count after
    -- the other has committed. To skip the other's locked rows is not enough, since its candidates may be others: one with
    -- more room goes on to items of batches, and a job whose acceptance commits between the two claims may be the oldest.
    -- Sorted, so that two claims never wait in a ring.
    PERFORM 1 FROM accounts_tenant t WHERE t.id = ANY (tenants) ORDER BY t.id FOR NO KEY UPDATE;

    RETURN QUERY
    WITH room AS (
        SELECT t.id, t.concurrency_limit - r.interactive AS places, t.concurrency_limit - r.every AS places_left
        FROM accounts_tenant t CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE g.priority = 0) AS interactive, count(*) AS every
            FROM generations_generation g WHERE g.status = 'running' AND g.tenant_id = t.id) r
        WHERE t.id = ANY (tenants) AND t.status <> 'suspended'
    ), still AS (
        SELECT g.id, g.tenant_id, g.priority, w.turn FROM unnest(picked) WITH ORDINALITY AS w (id, turn)
        JOIN generations_generation g ON g.id = w.id AND g.status = 'queued'
        FOR UPDATE OF g SKIP LOCKED
    ), chosen AS (
        SELECT s.id, s.turn FROM (SELECT still.*, row_number() OVER (PARTITION BY still.tenant_id ORDER BY still.turn) AS place
                          FROM still) s
        -- interactive ones come first, so the place of an item of a batch counts those before it
        JOIN room ON room.id = s.tenant_id
            AND s.place <= CASE s.priority WHEN 0 THEN room.places ELSE room.places_left END
    ), claimed AS (
        UPDATE generations_generation g
        SET status = 'running', attempts = g.attempts + 1, worker = p_worker, lease_token = gen_random_uuid(),
            started_at = coalesce(g.started_at, now()),
            deadline_at = CASE WHEN g.batch_id IS NOT NULL AND g.started_at IS NULL
                THEN now() + make_interval(secs => least(p_seconds, g.deadline_seconds)) ELSE g.deadline_at END
        FROM chosen WHERE g.id = chosen.id AND g.status = 'queued'
        RETURNING g.*, chosen.turn
    ), events AS (
        INSERT INTO events_event (tenant_id, subject, type, data)
        SELECT c.tenant_id, c.id, 'generation.running',
               jsonb_build_object('old', 'queued', 'new', 'running', 'reason', 'claimed', 'attempt', c.attempts,
                                  'worker', (SELECT w.name FROM generations_worker w WHERE w.id = p_worker))
        FROM claimed c
    )
    SELECT c.id, c.tenant_id, c.attempts::int, c.lease_token, jsonb_build_object(
        'priority', c.priority, 'livemode', c.livemode, 'model', c.model, 'tier', c.tier,
        'estimated_bytes', c.estimated_bytes, 'failures', c.failures,
        'seconds_left', extract(epoch FROM c.deadline_at - now()),
        'seconds_to_cancel', extract(epoch FROM c.cancel_at - now()),
        'upstream_id', c.upstream_id, 'upstream_key', c.upstream_key, 'upstream_host', c.upstream_host,
        'request_id', c.request_id, 'job_spec', k.plan, 'notices', k.notices,
        'hold', jsonb_build_object('amount', h.amount::text, 'prices', h.prices, 'images', h.images,
                                   'included', coalesce(a.held, 0)))
    FROM claimed c
    JOIN generations_generationcontent k ON k.generation_id = c.id AND k.generation_id = ANY (picked)
    JOIN billing_hold h ON h.generation_id = c.id
    LEFT JOIN billing_allowanceuse a ON a.generation_id = c.id
    ORDER BY c.turn;
END $$;
REVOKE ALL ON FUNCTION generation_claim(uuid, int, bigint, boolean, int, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_claim(uuid, int, bigint, boolean, int, float8) TO cavendish_system;
