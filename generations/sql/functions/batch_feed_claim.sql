-- The batches that want work now, each leased for p_seconds: a feeder that dies keeps it no longer, and two that hold it
-- at once do no harm (generation_submit).
--
-- `feed`: the oldest of each tenant and mode that has waiting items, one whose items all wait for fetches last, when a quarter of the p_ahead items that a tenant may have
-- queued is free; those with the fewest first. `wind_down`: what is canceled or past its time, until nothing of it is left.
CREATE OR REPLACE FUNCTION batch_feed_claim(p_limit int, p_seconds float8, p_ahead int)
RETURNS TABLE (batch_id uuid, tenant_id uuid, task text, room int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH ending AS (
        SELECT b.id, 'wind_down' AS task, 0 AS queued FROM generations_batch b
        WHERE b.status IN ('queued', 'running', 'canceling') AND b.feed_after <= now()
            AND (b.status = 'canceling' OR (b.expires_at <= now() AND b.fed < b.total))
    ), oldest AS (
        SELECT DISTINCT ON (b.tenant_id, b.livemode) b.id, b.tenant_id, b.feed_after
        FROM generations_batch b JOIN accounts_tenant t ON t.id = b.tenant_id AND t.status = 'active'
        WHERE b.status IN ('queued', 'running') AND b.fed < b.total AND b.expires_at > now()
        ORDER BY b.tenant_id, b.livemode, coalesce(b.aside_until > now(), false), b.id
    ), with_room AS (
        SELECT o.id, 'feed' AS task, q.queued FROM oldest o CROSS JOIN LATERAL (
            SELECT count(*)::int AS queued FROM (
                SELECT 1 FROM generations_generation g
                WHERE g.status = 'queued' AND g.priority = 1 AND g.tenant_id = o.tenant_id LIMIT p_ahead) w) q
        WHERE o.feed_after <= now() AND q.queued <= p_ahead * 3 / 4
    ), due AS (
        SELECT e.id, e.task, e.queued FROM (SELECT * FROM ending UNION ALL SELECT * FROM with_room) e
        JOIN generations_batch b ON b.id = e.id AND b.feed_after <= now()
        ORDER BY e.queued, e.id LIMIT p_limit
        FOR UPDATE OF b SKIP LOCKED
    )
    UPDATE generations_batch b SET feed_after = now() + make_interval(secs => p_seconds)
    FROM due WHERE b.id = due.id
    RETURNING b.id, b.tenant_id, due.task, p_ahead - due.queued;
END $$;
REVOKE ALL ON FUNCTION batch_feed_claim(int, float8, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION batch_feed_claim(int, float8, int) TO cavendish_system;
