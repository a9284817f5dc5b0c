-- Which of these have ended; the slow poll behind the wake-ups. Returns ids that the caller knows already, nothing else.
CREATE OR REPLACE FUNCTION generations_finished(p_ids uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT id FROM generations_generation WHERE id = ANY (p_ids) AND status IN ('succeeded', 'failed', 'canceled')
$$;
REVOKE ALL ON FUNCTION generations_finished(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generations_finished(uuid[]) TO cavendish_app;
