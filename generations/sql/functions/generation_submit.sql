-- Accepts a generation: the job, its content, the event row and, last, the hold. Answers NULL, or why not, and then the
-- caller rolls back. One function instead of statements: a hot tenant's rows are locked for a third of the time.
CREATE OR REPLACE FUNCTION generation_submit(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    tenant accounts_tenant;
    the_tenant uuid := (p->>'tenant_id')::uuid;
    the_id uuid := (p->>'id')::uuid;
    waiting int;
BEGIN
    SELECT * INTO tenant FROM accounts_tenant WHERE id = the_tenant;
    IF tenant.status <> 'active' THEN
        RETURN jsonb_build_object('code', 'tenant_' || tenant.status, 'reason', tenant.status_reason);
    END IF;
    SELECT count(*) INTO waiting FROM (
        SELECT 1 FROM generations_generation
        WHERE status = 'queued' AND priority = (p->>'priority')::smallint AND tenant_id = the_tenant
        LIMIT tenant.queue_limit) q;
    IF (p->>'priority')::smallint = 0 AND waiting >= tenant.queue_limit THEN
        RETURN jsonb_build_object('code', 'queue_full', 'limit', tenant.queue_limit);
    END IF;

    INSERT INTO generations_generation (id, tenant_id, api_key_id, member_id, livemode, status, model, tier, priority,
        previous_id, metadata, store, image_size, aspect_ratio, estimated_bytes, deadline_at, attempts, failures,
        upstream_id, upstream_key, upstream_host)
    VALUES (the_id, the_tenant, (p->>'api_key_id')::uuid, (p->>'member_id')::uuid, (p->>'livemode')::boolean, 'queued',
        p->>'model', p->>'tier', (p->>'priority')::smallint, (p->>'previous_id')::uuid, p->'metadata',
        (p->>'store')::boolean, p->>'image_size', p->>'aspect_ratio', (p->>'estimated_bytes')::bigint,
        now() + make_interval(secs => (p->>'deadline')::float8), 0, 0, '', '', '');
    INSERT INTO generations_generationcontent (generation_id, tenant_id, request, plan, content, thoughts, steps, notices)
    VALUES (the_id, the_tenant, p->'request', p->'plan', '[]', '[]', '[]', p->'notices');
    PERFORM event_add(the_tenant, the_id, 'generation.queued', jsonb_build_object('old', NULL, 'new', 'queued', 'reason', 'accepted'));

    RETURN hold_take(the_tenant, the_id, (p->>'livemode')::boolean, (p->>'api_key_id')::uuid,
        (p->>'member_id')::uuid, (p->'hold'->>'amount')::numeric, p->'hold'->>'currency', (p->'hold'->>'images')::int,
        (p->'hold'->>'tokens')::int, p->'hold'->'prices');
END $$;
