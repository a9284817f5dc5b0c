-- What must be found before the tenant is known: an API key by its prefix. Minimal on purpose: it returns one row by
-- exact match of an unguessable prefix, and the caller still has to prove the secret against the digest.
DROP FUNCTION IF EXISTS api_key_find(text);
CREATE OR REPLACE FUNCTION api_key_find(p_prefix text)
RETURNS TABLE (id uuid, tenant_id uuid, digest bytea, livemode boolean, scopes text[], ip_ranges text[],
               key_models jsonb, member_id uuid, expires_at timestamptz, revoked_at timestamptz,
               key_requests int, key_images int,
               tenant_slug text, tenant_status text, tenant_status_reason text, tenant_models jsonb,
               test_keys_enabled boolean, policy_version text, tenant_requests int, tenant_images int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT k.id, k.tenant_id, k.digest, k.livemode, k.scopes::text[], k.ip_ranges::text[], k.allowed_models,
           k.member_id, k.expires_at, k.revoked_at, k.requests_per_minute, k.images_per_minute,
           t.slug, t.status, t.status_reason, t.allowed_models,
           t.test_keys_enabled, t.policy_version, t.requests_per_minute, t.images_per_minute
    FROM accounts_apikey k JOIN accounts_tenant t ON t.id = k.tenant_id
    WHERE k.prefix = p_prefix
$$;
REVOKE ALL ON FUNCTION api_key_find(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_key_find(text) TO cavendish_app;
