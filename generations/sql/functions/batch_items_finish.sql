-- Ends all items of a batch that wait, at once. Returns how many. A feeder that holds one of them is waited for, and the
-- job that it made of it stays.
CREATE OR REPLACE FUNCTION batch_items_finish(p_tenant uuid, p_batch uuid, p_status text, p_error jsonb) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    ended int;
BEGIN
    UPDATE generations_batchitem SET status = p_status, error = p_error
    WHERE batch_id = p_batch AND tenant_id = p_tenant AND status = 'waiting';
    GET DIAGNOSTICS ended = ROW_COUNT;
    PERFORM batch_count(p_tenant, p_batch, p_status, ended, ended);
    RETURN ended;
END $$;
