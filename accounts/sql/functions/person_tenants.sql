-- Returns the tenants that a person belongs to, before a tenant context is open. The person has proved who they are: the
-- web asks for the session's own person only.
CREATE OR REPLACE FUNCTION person_tenants(p_user uuid)
    RETURNS TABLE (tenant_id uuid, slug text, name text, status text, role text, since timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT t.id, t.slug::text, t.name::text, t.status::text, m.role::text, m.created_at
    FROM accounts_membership m JOIN accounts_tenant t ON t.id = m.tenant_id
    WHERE m.user_id = p_user
    ORDER BY lower(t.name), t.slug
$$;

REVOKE ALL ON FUNCTION person_tenants(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_tenants(uuid) TO cavendish_app;
