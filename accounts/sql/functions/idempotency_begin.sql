-- Takes an idempotency key for a request, or returns how it stands with the one that has it. States: "new"; "taken_over" from
-- a request whose lease is over, which may have made something; "done"; "in_progress"; "other", of another request. It is
-- called outside of transactions, where the tenant that it sets ends with the call.
--
-- The commit waits for no disk: what the request makes is committed later and in the same log, so a key cannot be lost
-- behind it, and without it the request is refused (idempotency_made).
CREATE OR REPLACE FUNCTION idempotency_begin(p_id uuid, p_tenant uuid, p_operator_key uuid, p_digest bytea, p_token uuid,
    p_lease interval, p_keep interval)
    RETURNS TABLE (state text, made text[], answer jsonb)
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM set_config('app.tenant_id', coalesce(p_tenant::text, ''), true), set_config('synchronous_commit', 'off', true);
    RETURN QUERY
        INSERT INTO accounts_idempotencykey AS k (id, tenant_id, operator_key_id, digest, state, token, leased_until, made,
            created_at, expires_at)
        VALUES (p_id, p_tenant, p_operator_key, p_digest, 'in_progress', p_token, now() + p_lease, '{}', now(), now() + p_keep)
        ON CONFLICT (id) DO UPDATE SET digest = p_digest, state = 'in_progress', token = p_token,
            leased_until = now() + p_lease, expires_at = now() + p_keep, answer = NULL, created_at = now(),
            made = CASE WHEN k.expires_at <= now() THEN '{}' ELSE k.made END
        WHERE k.expires_at <= now()
            OR (k.state = 'in_progress' AND k.leased_until <= now() AND k.digest = p_digest)
        RETURNING CASE WHEN xmax = 0 THEN 'new' ELSE 'taken_over' END, k.made::text[], NULL::jsonb;
    IF NOT FOUND THEN
        RETURN QUERY
            SELECT CASE WHEN k.digest <> p_digest THEN 'other' ELSE k.state::text END, k.made::text[], k.answer
            FROM accounts_idempotencykey k WHERE k.id = p_id;
    END IF;
END $$;
