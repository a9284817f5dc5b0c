-- Counts what a test key does on this day (UTC). Returns NULL, or which of the tenant's daily limits it exceeds; then the
-- caller rolls back. p_bytes are stored bytes. Outputs are counted once they exist, and never refused.
CREATE OR REPLACE FUNCTION sandbox_day_reserve(p_tenant uuid, p_requests int, p_bytes bigint) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
    most_requests int;
    most_bytes bigint;
    done accounts_sandboxday;
BEGIN
    INSERT INTO accounts_sandboxday AS d (tenant_id, day, requests, bytes) VALUES (p_tenant, today, p_requests, p_bytes)
    ON CONFLICT (tenant_id, day) DO UPDATE SET requests = d.requests + p_requests, bytes = d.bytes + p_bytes
    RETURNING * INTO done;
    SELECT test_daily_requests, test_daily_bytes INTO most_requests, most_bytes FROM accounts_tenant WHERE id = p_tenant;
    IF p_requests > 0 AND done.requests > most_requests THEN
        RETURN jsonb_build_object('code', 'test_limit_reached', 'metric', 'requests', 'limit', most_requests,
            'used', done.requests - p_requests);
    ELSIF done.bytes > most_bytes OR done.bytes - p_bytes >= most_bytes THEN
        RETURN jsonb_build_object('code', 'test_limit_reached', 'metric', 'bytes', 'limit', most_bytes,
            'used', done.bytes - p_bytes);
    END IF;
    RETURN NULL;
END $$;
