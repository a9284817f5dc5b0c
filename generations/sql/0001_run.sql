-- Claims up to p_limit jobs for a worker: among tenants with queued jobs the one with the fewest running for its weight,
-- then the oldest; interactive before batch; never more running per tenant than its limit, which is counted under the
-- tenant's row lock. p_bytes bounds what the claimed jobs may occupy together; an idle worker takes one in any case.
--
-- SECURITY DEFINER: the system role works across tenants through functions like this one and has no rights on tables.
CREATE FUNCTION generation_claim(p_worker uuid, p_limit int, p_bytes bigint, p_idle boolean)
RETURNS TABLE (id uuid, tenant_id uuid, attempt int, lease_token uuid, job jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wanted uuid[];
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
               (r.running + q.place)::float8 / t.weight AS share
        FROM lanes l
        JOIN accounts_tenant t ON t.id = l.tenant_id
        CROSS JOIN LATERAL (SELECT count(*) AS running FROM generations_generation g
                            WHERE g.status = 'running' AND g.tenant_id = l.tenant_id) r
        CROSS JOIN LATERAL (
            SELECT h.id, h.run_after, h.estimated_bytes, row_number() OVER (ORDER BY h.run_after, h.id) AS place
            FROM (SELECT g.id, g.run_after, g.estimated_bytes FROM generations_generation g
                  WHERE g.status = 'queued' AND g.priority = l.priority AND g.tenant_id = l.tenant_id
                      AND g.run_after <= now() AND g.cancel_requested_at IS NULL
                  ORDER BY g.run_after, g.id
                  LIMIT least(p_limit, greatest(t.concurrency_limit - r.running, 0))) h) q
    ), fairest AS (
        SELECT c.*, sum(c.estimated_bytes) OVER turns AS occupied, row_number() OVER turns AS turn
        FROM ranked c WINDOW turns AS (ORDER BY c.priority, c.share, c.run_after, c.id)
    )
    SELECT array_agg(f.id ORDER BY f.turn), array_agg(DISTINCT f.tenant_id) INTO wanted, tenants
    FROM fairest f
    WHERE f.turn <= p_limit AND (f.occupied <= p_bytes OR (p_idle AND f.turn = 1));

    IF wanted IS NULL THEN
        RETURN;
    END IF;
    -- Two workers that count the running jobs of one tenant at once would both find room; the lock lets one count after
    -- the other has committed. Sorted, so that two claims never wait in a ring.
    PERFORM 1 FROM accounts_tenant t WHERE t.id = ANY (tenants) ORDER BY t.id FOR NO KEY UPDATE;

    RETURN QUERY
    WITH room AS (
        SELECT t.id, t.concurrency_limit - (SELECT count(*) FROM generations_generation g
                                            WHERE g.status = 'running' AND g.tenant_id = t.id) AS places
        FROM accounts_tenant t WHERE t.id = ANY (tenants)
    ), still AS (
        SELECT g.id, g.tenant_id, w.turn FROM unnest(wanted) WITH ORDINALITY AS w (id, turn)
        JOIN generations_generation g ON g.id = w.id AND g.status = 'queued'
        FOR UPDATE OF g SKIP LOCKED
    ), chosen AS (
        SELECT s.id FROM (SELECT still.*, row_number() OVER (PARTITION BY still.tenant_id ORDER BY still.turn) AS place
                          FROM still) s
        JOIN room ON room.id = s.tenant_id AND s.place <= room.places
    ), claimed AS (
        UPDATE generations_generation g
        SET status = 'running', attempts = g.attempts + 1, worker = p_worker, lease_token = gen_random_uuid(),
            started_at = coalesce(g.started_at, now())
        FROM chosen WHERE g.id = chosen.id AND g.status = 'queued'
        RETURNING g.*
    ), told AS (
        INSERT INTO events_event (tenant_id, subject, type, data)
        SELECT c.tenant_id, c.id, 'generation.running',
               jsonb_build_object('old', 'queued', 'new', 'running', 'reason', 'claimed', 'attempt', c.attempts)
        FROM claimed c
    )
    SELECT c.id, c.tenant_id, c.attempts::int, c.lease_token, jsonb_build_object(
        'api_key_id', c.api_key_id, 'livemode', c.livemode, 'model', c.model, 'tier', c.tier, 'store', c.store,
        'previous_id', c.previous_id, 'image_size', c.image_size, 'aspect_ratio', c.aspect_ratio,
        'estimated_bytes', c.estimated_bytes, 'failures', c.failures,
        'seconds_left', extract(epoch FROM c.deadline_at - now()), 'waited', extract(epoch FROM now() - c.created_at),
        'upstream_id', c.upstream_id, 'upstream_key', c.upstream_key, 'upstream_host', c.upstream_host,
        'plan', k.plan, 'notices', k.notices,
        'hold', jsonb_build_object('amount', h.amount::text, 'currency', h.currency, 'prices', h.prices,
                                   'images', h.images, 'tokens', h.tokens))
    FROM claimed c
    JOIN generations_generationcontent k ON k.generation_id = c.id
    JOIN billing_hold h ON h.generation_id = c.id;
END $$;

-- What the worker knows of the upstream's job before it waits for it, so that a crash resumes instead of buying again.
CREATE FUNCTION generation_upstream(p_tenant uuid, p_id uuid, p_token uuid, p_upstream text, p_key text, p_host text)
RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE generations_generation SET upstream_id = p_upstream, upstream_key = p_key, upstream_host = p_host
    WHERE id = p_id AND tenant_id = p_tenant AND lease_token = p_token AND status = 'running';
    RETURN FOUND;
END $$;

-- Ends a generation: outputs, content, charge, usage, roll-ups, hold and the event, in one transaction (the caller's).
-- Fenced on (attempt, lease token). A job whose lease was freed but that nobody claimed since still has the token: then
-- the late answer is taken, so that what was bought is not bought again. Answers 'ended', 'already' or 'lost'.
CREATE FUNCTION generation_finish(p_tenant uuid, p_id uuid, p_attempt int, p_token uuid, p jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    old_status text;
    job generations_generation;
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    SELECT * INTO job FROM generations_generation WHERE id = p_id AND tenant_id = p_tenant FOR UPDATE;
    IF NOT FOUND OR job.lease_token IS DISTINCT FROM p_token OR job.attempts <> p_attempt THEN
        RETURN 'lost';
    ELSIF job.status NOT IN ('running', 'queued') THEN
        RETURN 'already';
    END IF;
    old_status := job.status;
    UPDATE generations_generation
    SET status = p->>'status', finished_at = now(), worker = NULL, error = nullif(p->'error', 'null'::jsonb),
        failures = (p->>'failures')::smallint, upstream_id = coalesce(p->>'upstream_id', upstream_id),
        upstream_key = coalesce(p->>'upstream_key', upstream_key),
        upstream_host = coalesce(p->>'upstream_host', upstream_host)
    WHERE id = p_id;
    UPDATE generations_generationcontent
    SET content = p->'content', thoughts = p->'thoughts', grounding = nullif(p->'grounding', 'null'::jsonb),
        steps = p->'steps', usage_reported = nullif(p->'usage_reported', 'null'::jsonb), notices = p->'notices'
    WHERE generation_id = p_id;
    INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width, height, bytes, sha256,
                                    tokens, c2pa, sandbox, storage_key)
    SELECT o.id, p_tenant, p_id, o.part, o.index, o.mime_type, o.width, o.height, o.bytes, o.sha256, o.tokens, o.c2pa,
           o.sandbox, o.storage_key
    FROM jsonb_to_recordset(p->'outputs') AS o(id uuid, part text, index int, mime_type text, width int, height int,
        bytes bigint, sha256 text, tokens int, c2pa boolean, sandbox boolean, storage_key text);
    PERFORM event_add(p_tenant, p_id, 'generation.' || (p->>'status'), jsonb_build_object('old', old_status,
        'new', p->>'status', 'reason', p->>'reason', 'attempt', p_attempt, 'error', p->'error'->>'code'));
    PERFORM charge_settle(p_tenant, p_id, (p->'charge') || jsonb_build_object('attempt', p_attempt,
        'api_key_id', job.api_key_id, 'model', job.model, 'image_size', job.image_size));
    RETURN 'ended';
END $$;

-- Gives a running job back to the queue, for example because the upstream asks to come later.
CREATE FUNCTION generation_requeue(p_tenant uuid, p_id uuid, p_token uuid, p_seconds float8, p_reason text, p_failed int)
RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE generations_generation SET status = 'queued', worker = NULL, failures = failures + p_failed,
        run_after = now() + make_interval(secs => p_seconds)
    WHERE id = p_id AND tenant_id = p_tenant AND lease_token = p_token AND status = 'running';
    IF FOUND THEN
        PERFORM event_add(p_tenant, p_id, 'generation.queued',
            jsonb_build_object('old', 'running', 'new', 'queued', 'reason', p_reason));
    END IF;
    RETURN FOUND;
END $$;

-- Ends a job that never reached the upstream: nothing is charged.
CREATE FUNCTION generation_end_unrun(p_tenant uuid, p_id uuid, p_status text, p_error jsonb, p_reason text) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    job generations_generation;
BEGIN
    UPDATE generations_generation SET status = p_status, finished_at = now(), error = p_error, worker = NULL
    WHERE id = p_id AND tenant_id = p_tenant AND status = 'queued' RETURNING * INTO job;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM event_add(p_tenant, p_id, 'generation.' || p_status,
        jsonb_build_object('old', 'queued', 'new', p_status, 'reason', p_reason, 'error', p_error->>'code'));
    PERFORM charge_settle(p_tenant, p_id, jsonb_build_object('status', 'not_charged', 'reason', p_reason, 'amount', 0,
        'cost', 0, 'absorbed', 0, 'lines', '[]'::jsonb, 'usage', '{}'::jsonb, 'flags', '[]'::jsonb,
        'records', '[]'::jsonb, 'images', 0, 'tokens', 0, 'requests', 0, 'attempt', job.attempts,
        'api_key_id', job.api_key_id, 'model', job.model, 'image_size', job.image_size));
    RETURN true;
END $$;

-- Cancels: a queued job at once, a running one by asking its worker. Answers the status before, NULL when unknown.
CREATE FUNCTION generation_cancel(p_tenant uuid, p_id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    was text;
BEGIN
    SELECT status INTO was FROM generations_generation
    WHERE id = p_id AND tenant_id = p_tenant AND deleted_at IS NULL FOR UPDATE;
    IF was = 'queued' THEN
        PERFORM generation_end_unrun(p_tenant, p_id, 'canceled', NULL, 'canceled_before_start');
    ELSIF was = 'running' THEN
        UPDATE generations_generation SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE id = p_id;
    END IF;
    RETURN was;
END $$;
