-- The tenant of a generation that a signed URL names; the signature is checked before.
CREATE OR REPLACE FUNCTION generation_tenant(p_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT tenant_id FROM generations_generation WHERE id = p_id $$;
REVOKE ALL ON FUNCTION generation_tenant(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_tenant(uuid) TO cavendish_app;
