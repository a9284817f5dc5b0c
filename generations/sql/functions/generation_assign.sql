-- Finds a worker that has a job at once, which is accepted in this transaction: then it is not rung for and claimed.
-- Returns the worker and the token of the lease, or NULL, and then the job stays queued as any other and generation_claim
-- decides. Called late, under the wallet's lock: a hot tenant's submits find its row free, for they come one by one. A job
-- that is asked for has no row yet; p_id is passed over for the submit of the release before, which has written one.
--
-- Who waits keeps their turn: of the tenant's own interactive jobs none may be queued, the tenant is below its limit
-- (counted under its row lock, as generation_claim does), and the worker has room for all that are queued and for this
-- one. p_fresh: the seconds that its lease must still have, so that one which does not renew it gets no more.
--
-- How much room a worker has is what it last said of itself, some seconds ago; one that has less gives the job back.
--
-- SECURITY DEFINER: who else waits, and which workers there are, is not a tenant's to see.
CREATE OR REPLACE FUNCTION generation_assign(p_tenant uuid, p_id uuid, p_fresh float8) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    most CONSTANT int := 32;
    queued int;
    chosen uuid;
    chosen_name text;
    places int;
BEGIN
    -- Else a tenant's own row could be locked by another's transaction.
    IF p_tenant IS DISTINCT FROM nullif(current_setting('app.tenant_id', true), '')::uuid THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO queued FROM (
        SELECT 1 FROM generations_generation WHERE status = 'queued' AND priority = 0 AND id <> p_id LIMIT most) q;
    IF queued = most THEN
        RETURN NULL;
    END IF;
    SELECT id, name INTO chosen, chosen_name FROM generations_worker
    WHERE expires_at > now() + make_interval(secs => p_fresh) AND (state->>'room')::int > queued
    ORDER BY random() LIMIT 1;
    IF chosen IS NULL THEN
        RETURN NULL;
    END IF;
    -- Not waited for: who holds it counts the tenant's jobs just now, and one that is queued instead is soon claimed.
    SELECT concurrency_limit INTO places FROM accounts_tenant
    WHERE id = p_tenant AND status = 'active' FOR NO KEY UPDATE SKIP LOCKED;
    IF places IS NULL THEN
        RETURN NULL;
    END IF;
    IF queued > 0 AND EXISTS (SELECT 1 FROM generations_generation
                              WHERE status = 'queued' AND priority = 0 AND tenant_id = p_tenant AND id <> p_id) THEN
        RETURN NULL;
    END IF;
    IF (SELECT count(*) FROM generations_generation
        WHERE status = 'running' AND tenant_id = p_tenant AND priority = 0) >= places THEN
        RETURN NULL;
    END IF;
    RETURN jsonb_build_object('worker', chosen, 'name', chosen_name, 'token', gen_random_uuid());
END $$;
REVOKE ALL ON FUNCTION generation_assign(uuid, uuid, float8) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_assign(uuid, uuid, float8) TO cavendish_app;
