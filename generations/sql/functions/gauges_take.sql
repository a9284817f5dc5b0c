-- Notes how the platform stands: the last value of the hour and the highest of it. What is counted where it happens is
-- added by gauge_add. Returns how many gauges there are.
CREATE OR REPLACE FUNCTION gauges_take() RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    taken int;
BEGIN
    INSERT INTO generations_platformgauge AS p (name, hour, last, peak)
    SELECT g.name, date_trunc('hour', now(), 'UTC'), g.value, g.value FROM (
        SELECT 'queue_waiting' AS name, count(*)::numeric AS value FROM generations_generation
        WHERE status = 'queued' AND run_after <= now()
        UNION ALL
        SELECT 'queue_oldest_seconds', coalesce(extract(epoch FROM now() - min(run_after)), 0) FROM generations_generation
        WHERE status = 'queued' AND priority = 0 AND run_after <= now()
        UNION ALL
        SELECT 'storage_bytes', coalesce(sum(bytes), 0) FROM accounts_storageuse
        UNION ALL
        SELECT 'counted_at', extract(epoch FROM now())
        UNION ALL
        SELECT 'held_' || currency, sum(held) FROM billing_wallet WHERE livemode GROUP BY currency) g
    ON CONFLICT (name, hour) DO UPDATE SET last = excluded.last, peak = greatest(p.peak, excluded.peak);
    GET DIAGNOSTICS taken = ROW_COUNT;
    RETURN taken;
END $$;
REVOKE ALL ON FUNCTION gauges_take() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gauges_take() TO cavendish_system;
