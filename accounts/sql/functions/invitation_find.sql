-- Returns an invitation by the hash of its secret, before the tenant is known: whoever knows the secret may read it. One row
-- by exact match; the caller checks whether it is still open.
CREATE OR REPLACE FUNCTION invitation_find(p_digest bytea)
RETURNS TABLE (id uuid, tenant_id uuid, tenant_name text, tenant_status text, email text, role text,
               created_by_name text, expires_at timestamptz, accepted_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT i.id, i.tenant_id, t.name, t.status, i.email, i.role, coalesce(u.name, ''), i.expires_at, i.accepted_at,
           i.revoked_at
    FROM accounts_invitation i
    JOIN accounts_tenant t ON t.id = i.tenant_id
    LEFT JOIN accounts_user u ON u.id = i.created_by_id
    WHERE i.digest = p_digest
$$;
REVOKE ALL ON FUNCTION invitation_find(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION invitation_find(bytea) TO cavendish_app;
