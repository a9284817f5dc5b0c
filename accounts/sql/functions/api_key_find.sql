-- Returns an API key by its prefix, before the tenant is known. Minimal on purpose: it returns one row by exact match of an
-- unguessable prefix, and the caller still has to prove the secret against the digest. The secret before a rotation is
-- found too, until its overlap is over, as a key that expires at that moment. `member_role` is what its member may now.
CREATE OR REPLACE FUNCTION api_key_find(p_prefix text)
RETURNS TABLE (id uuid, tenant_id uuid, digest bytea, livemode boolean, scopes text[], ip_ranges text[],
               key_models jsonb, member_id uuid, expires_at timestamptz, revoked_at timestamptz,
               key_requests int, key_images int,
               tenant_slug text, tenant_status text, tenant_status_reason text, tenant_models jsonb,
               tenant_sizes jsonb, test_keys_enabled boolean, policy_version text, tenant_requests int, tenant_images int,
               member_role text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT k.id, k.tenant_id, CASE WHEN k.prefix = p_prefix THEN k.digest ELSE k.previous_digest END, k.livemode, k.scopes::text[], k.ip_ranges::text[], k.allowed_models,
           k.member_id,
           CASE WHEN k.prefix = p_prefix THEN k.expires_at ELSE least(k.expires_at, k.previous_expires_at) END, k.revoked_at, k.requests_per_minute, k.images_per_minute,
           t.slug,
           -- live keys of a tenant that has not paid are as those of a suspended one, test keys go on
           CASE WHEN x.unpaid THEN 'suspended' ELSE t.status END,
           CASE WHEN x.unpaid THEN 'payment overdue; live keys work again once the invoices are paid.' ELSE t.status_reason END,
           t.allowed_models, t.allowed_sizes,
           t.test_keys_enabled, t.policy_version, t.requests_per_minute, t.images_per_minute,
           (SELECT m.role FROM accounts_membership m WHERE m.tenant_id = k.tenant_id AND m.user_id = k.member_id)
    FROM accounts_apikey k JOIN accounts_tenant t ON t.id = k.tenant_id
    CROSS JOIN LATERAL (
        SELECT t.status = 'active' AND k.livemode AND t.payment_suspended_at IS NOT NULL AS unpaid
    ) x
    WHERE k.prefix = p_prefix OR k.previous_prefix = p_prefix
$$;
REVOKE ALL ON FUNCTION api_key_find(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key_find(text) TO cavendish_app;
