-- Ends a job that never reached the upstream: nothing is charged.
CREATE OR REPLACE FUNCTION generation_finish_unrun(p_tenant uuid, p_id uuid, p_status text, p_error jsonb, p_reason text) RETURNS boolean
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
        'api_key_id', job.api_key_id, 'member_id', job.member_id, 'model', job.model, 'image_size', job.image_size,
        'tier', job.tier, 'metadata', job.metadata));
    IF job.batch_id IS NOT NULL THEN
        PERFORM batch_item_finish(p_tenant, job.batch_id, job.batch_index, 'in_progress',
            CASE WHEN p_reason = 'deadline_exceeded' AND job.attempts = 0 THEN 'expired' ELSE p_status END, p_error);
    END IF;
    RETURN true;
END $$;
