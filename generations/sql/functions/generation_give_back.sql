-- Queues a job that was handed to a worker and of which nothing was done: as if it had been queued at once, but for its
-- events. Returns whether it was still that worker's.
CREATE OR REPLACE FUNCTION generation_give_back(p_tenant uuid, p_id uuid, p_token uuid, p_reason text) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    was_running boolean;
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE generations_generation SET status = 'queued', worker = NULL, lease_token = NULL, started_at = NULL,
        attempts = attempts - 1
    WHERE id = p_id AND tenant_id = p_tenant AND lease_token = p_token AND status = 'running';
    was_running := FOUND;
    IF was_running THEN
        PERFORM event_add(p_tenant, p_id, 'generation.queued',
            jsonb_build_object('old', 'running', 'new', 'queued', 'reason', p_reason));
    END IF;
    RETURN was_running;
END $$;
