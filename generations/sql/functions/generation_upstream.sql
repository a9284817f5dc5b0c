-- What the worker knows of the upstream's job before it waits for it, so that a crash resumes instead of buying again.
CREATE OR REPLACE FUNCTION generation_upstream(p_tenant uuid, p_id uuid, p_token uuid, p_upstream text, p_key text, p_host text)
RETURNS boolean LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    UPDATE generations_generation SET upstream_id = p_upstream, upstream_key = p_key, upstream_host = p_host
    WHERE id = p_id AND tenant_id = p_tenant AND lease_token = p_token AND status = 'running';
    RETURN FOUND;
END $$;
