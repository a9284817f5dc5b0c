-- The span that accepted a generation, as W3C's traceparent, for whoever goes on with its trace; NULL where nobody traces.
CREATE OR REPLACE FUNCTION generation_traceparent(p_generation uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT plan->>'traceparent' FROM generations_generationcontent WHERE generation_id = p_generation
$$;
