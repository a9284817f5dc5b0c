-- The tenant of an output that a signed URL names; the signature is checked before it is asked.
CREATE OR REPLACE FUNCTION output_tenant(p_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT tenant_id FROM generations_output WHERE id = p_id $$;
REVOKE ALL ON FUNCTION output_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION output_tenant(uuid) TO cavendish_app;
