-- Erases deliveries that are older than p_age, with their attempts, and before them the endpoints of single jobs that have
-- none left. Returns how many deliveries.
CREATE OR REPLACE FUNCTION webhook_deliveries_expire(p_age interval, p_limit int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    erased int;
BEGIN
    DELETE FROM accounts_webhookendpoint e
    WHERE e.id IN (SELECT id FROM accounts_webhookendpoint
                   WHERE subject IS NOT NULL AND created_at < now() - p_age
                   ORDER BY created_at LIMIT p_limit FOR UPDATE SKIP LOCKED)
        AND NOT EXISTS (SELECT FROM accounts_webhookdelivery d WHERE d.endpoint_id = e.id);
    DELETE FROM accounts_webhookdelivery WHERE id IN (
        SELECT id FROM accounts_webhookdelivery WHERE created_at < now() - p_age AND status <> 'sending'
        ORDER BY created_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
REVOKE ALL ON FUNCTION webhook_deliveries_expire(interval, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_deliveries_expire(interval, int) TO cavendish_system;
