-- generation_finish, and whether others of the tenant are queued: the place that the job has left is theirs.
CREATE OR REPLACE FUNCTION generation_end(p_tenant uuid, p_id uuid, p_attempt int, p_token uuid, p_result jsonb,
    OUT outcome text, OUT others_wait boolean)
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    outcome := generation_finish(p_tenant, p_id, p_attempt, p_token, p_result);
    others_wait := EXISTS (SELECT 1 FROM generations_generation
                           WHERE status = 'queued' AND priority >= 0 AND tenant_id = p_tenant);
END $$;
