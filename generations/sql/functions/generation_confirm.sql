-- Whether a worker that hears of a job has it still: the message may come late, when the job was given back long since.
CREATE OR REPLACE FUNCTION generation_confirm(p_worker uuid, p_id uuid, p_token uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM generations_generation
                   WHERE id = p_id AND status = 'running' AND worker = p_worker AND lease_token = p_token);
END $$;
REVOKE ALL ON FUNCTION generation_confirm(uuid, uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_confirm(uuid, uuid, uuid) TO cavendish_system;
