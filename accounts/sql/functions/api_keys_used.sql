-- Writes when and from where keys were used last, as web processes noted it: [{"id", "at" (Unix time), "address" or null}].
-- It works across tenants and without row-level security, but can write nothing else of a key. It locks in the order of
-- ids, so that two processes which write the same keys cannot deadlock.
CREATE OR REPLACE FUNCTION api_keys_used(p_uses jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH uses AS (
        SELECT u.id, to_timestamp(u.at) AS at, u.address
        FROM jsonb_to_recordset(p_uses) AS u(id uuid, at float8, address inet)
    ), keys AS (
        SELECT k.id FROM accounts_apikey k JOIN uses ON uses.id = k.id ORDER BY k.id FOR NO KEY UPDATE OF k
    )
    UPDATE accounts_apikey k SET last_used_at = uses.at, last_used_address = coalesce(uses.address, k.last_used_address)
    FROM uses JOIN keys ON keys.id = uses.id
    WHERE k.id = uses.id AND (k.last_used_at IS NULL OR k.last_used_at < uses.at)
$$;
REVOKE ALL ON FUNCTION api_keys_used(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION api_keys_used(jsonb) TO cavendish_app;
