-- Ends a generation: outputs, content, charge, usage, roll-ups, hold and the event, in one transaction (the caller's).
-- Fenced on (attempt, lease token). A job whose lease was freed but that nobody claimed since still has the token: then
-- the late result is taken, so that what was bought is not bought again. Returns 'ended', 'already' or 'lost'.
--
-- Its plans are kept: of a partitioned table PostgreSQL would plan each time anew, which costs more than the row (decision 0038).
CREATE OR REPLACE FUNCTION generation_finish(p_tenant uuid, p_id uuid, p_attempt int, p_token uuid, p jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    old_status text;
    job generations_generation;
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    SELECT * INTO job FROM generations_generation WHERE id = p_id AND tenant_id = p_tenant FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'lost';
    END IF;
    -- They were made, whoever has the job by now.
    PERFORM upstream_calls_add(p_tenant, p->'calls');
    IF job.lease_token IS DISTINCT FROM p_token OR job.attempts <> p_attempt THEN
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
    IF NOT job.livemode THEN
        PERFORM sandbox_day_reserve(p_tenant, 0,
            (SELECT coalesce(sum(o.bytes), 0) FROM jsonb_to_recordset(p->'outputs') AS o(bytes bigint))::bigint);
    END IF;
    PERFORM charge_settle(p_tenant, p_id, (p->'charge') || jsonb_build_object('attempt', p_attempt,
        'api_key_id', job.api_key_id, 'member_id', job.member_id, 'model', job.model, 'image_size', job.image_size,
        'tier', job.tier, 'metadata', job.metadata));
    IF job.batch_id IS NOT NULL THEN
        PERFORM batch_item_finish(p_tenant, job.batch_id, job.batch_index, 'in_progress', p->>'status',
            nullif(p->'error', 'null'::jsonb));
    END IF;
    RETURN 'ended';
END $$;
