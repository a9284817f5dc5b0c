-- Ends an item that is still `p_from`: with the generation it became (in_progress), or without one (waiting). False when
-- it was something else already. Called last before COMMIT, because it locks a row that all items share.
CREATE OR REPLACE FUNCTION batch_item_finish(p_tenant uuid, p_batch uuid, p_index int, p_from text, p_status text,
    p_error jsonb) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE generations_batchitem SET status = p_status, error = p_error
    WHERE batch_id = p_batch AND index = p_index AND tenant_id = p_tenant AND status = p_from;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM batch_count(p_tenant, p_batch, p_status, 1, (p_from = 'waiting')::int);
    RETURN true;
END $$;
