-- Gives a running job back to the queue, for example because the upstream asks to come later.
CREATE OR REPLACE FUNCTION generation_requeue(p_tenant uuid, p_id uuid, p_token uuid, p_seconds float8, p_reason text, p_failed int)
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
