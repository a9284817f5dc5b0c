-- The content of a generation, for statements that join it: with a plan that is kept. Joined itself, the partitioned table
-- would have PostgreSQL plan the whole statement each time anew (decision 0038).
CREATE OR REPLACE FUNCTION generation_content(p_generation uuid) RETURNS SETOF generations_generationcontent
LANGUAGE plpgsql STABLE ROWS 1 SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN QUERY SELECT * FROM generations_generationcontent WHERE generation_id = p_generation;
END $$;
