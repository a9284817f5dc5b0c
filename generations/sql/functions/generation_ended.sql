-- Which of these have ended; the slow poll behind the wake-ups. Answers ids that the asker knows already, nothing else.
CREATE OR REPLACE FUNCTION generation_ended(p_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT id FROM generations_generation WHERE id = ANY (p_ids) AND status IN ('succeeded', 'failed', 'canceled')
$$;
REVOKE ALL ON FUNCTION generation_ended(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_ended(uuid[]) TO cavendish_app;
