-- `generation_submit` in a transaction of its own, which names the tenant: a job that brings nothing else takes one
-- message instead of three. A refusal leaves nothing of the job, as where the caller rolls back.
CREATE OR REPLACE FUNCTION generation_submit_alone(p_tenant uuid, p jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    answer jsonb;
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    BEGIN
        answer := generation_submit(p);
        IF answer ? 'code' THEN
            RAISE SQLSTATE 'CV006';
        END IF;
    EXCEPTION WHEN SQLSTATE 'CV006' THEN
        NULL;
    END;
    RETURN answer;
END $$;
