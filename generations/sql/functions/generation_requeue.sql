-- Gives a running job back to the queue, for example because the upstream asks to come later. p_calls are the calls that
-- were made for it.
CREATE OR REPLACE FUNCTION generation_requeue(p_tenant uuid, p_id uuid, p_token uuid, p_seconds float8, p_reason text, p_failed int,
    p_calls jsonb DEFAULT NULL)
RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    was_running boolean;
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE generations_generation SET status = 'queued', worker = NULL, failures = failures + p_failed,
        run_after = now() + make_interval(secs => p_seconds)
    WHERE id = p_id AND tenant_id = p_tenant AND lease_token = p_token AND status = 'running';
    was_running := FOUND;
    IF was_running THEN
        PERFORM event_add(p_tenant, p_id, 'generation.queued',
            jsonb_build_object('old', 'running', 'new', 'queued', 'reason', p_reason));
    END IF;
    -- They were made, whoever has the job by now.
    PERFORM upstream_calls_add(p_tenant, p_calls);
    RETURN was_running;
END $$;
