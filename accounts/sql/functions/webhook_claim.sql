-- Takes deliveries that are due for a lease: at most so many at once of an endpoint and of a tenant, tenants in turn, so
-- that what hangs takes nobody else's place. An endpoint that fails gets one at a time. Deliveries whose sender died come
-- again when their lease ends. Looks at one index entry per endpoint that has something waiting, not at all that waits.
CREATE OR REPLACE FUNCTION webhook_claim(p_limit int, p_per_endpoint int, p_per_tenant int, p_lease interval)
RETURNS TABLE (id uuid, tenant_id uuid, endpoint_id uuid, lease_token uuid, attempts int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE accounts_webhookdelivery SET status = 'pending', lease_token = NULL
    WHERE status = 'sending' AND due_at < clock_timestamp() AND id IN (
        SELECT d.id FROM accounts_webhookdelivery d WHERE d.status = 'sending' AND d.due_at < clock_timestamp()
        ORDER BY d.id LIMIT 100 FOR UPDATE SKIP LOCKED);
    RETURN QUERY
    WITH RECURSIVE waiting (endpoint_id) AS (
        (SELECT d.endpoint_id FROM accounts_webhookdelivery d WHERE d.status = 'pending'
         ORDER BY d.endpoint_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.endpoint_id FROM accounts_webhookdelivery d
                WHERE d.status = 'pending' AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
        FROM waiting w WHERE w.endpoint_id IS NOT NULL
    ), running AS MATERIALIZED (
        SELECT d.tenant_id, d.endpoint_id FROM accounts_webhookdelivery d WHERE d.status = 'sending'
    ), due AS (
        SELECT d.id, d.tenant_id, d.due_at,
               row_number() OVER (PARTITION BY d.tenant_id ORDER BY d.due_at, d.id)
                   + (SELECT count(*) FROM running r WHERE r.tenant_id = d.tenant_id) AS turn
        FROM waiting w
        JOIN accounts_webhookendpoint e ON e.id = w.endpoint_id AND e.status = 'enabled'
        CROSS JOIN LATERAL (
            SELECT * FROM accounts_webhookdelivery d
            WHERE d.endpoint_id = w.endpoint_id AND d.status = 'pending' AND d.due_at <= clock_timestamp()
            ORDER BY d.due_at
            LIMIT greatest(CASE WHEN e.failing_since IS NULL THEN p_per_endpoint ELSE 1 END
                           - (SELECT count(*) FROM running r WHERE r.endpoint_id = w.endpoint_id), 0)
        ) d
    ), chosen AS (
        SELECT c.id FROM accounts_webhookdelivery c
        WHERE c.id IN (SELECT due.id FROM due WHERE due.turn <= p_per_tenant ORDER BY due.turn, due.due_at LIMIT p_limit)
            AND c.status = 'pending' FOR UPDATE SKIP LOCKED
    )
    UPDATE accounts_webhookdelivery d
    SET status = 'sending', due_at = clock_timestamp() + p_lease, lease_token = gen_random_uuid(),
        attempts = d.attempts + 1
    FROM chosen WHERE d.id = chosen.id
    RETURNING d.id, d.tenant_id, d.endpoint_id, d.lease_token, d.attempts::int;
END $$;
REVOKE ALL ON FUNCTION webhook_claim(int, int, int, interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_claim(int, int, int, interval) TO cavendish_system;
