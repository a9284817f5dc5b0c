-- Cancels: a queued job at once, a running one by asking its worker. Answers the status before, NULL when unknown.
CREATE OR REPLACE FUNCTION generation_cancel(p_tenant uuid, p_id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    was text;
BEGIN
    SELECT status INTO was FROM generations_generation
    WHERE id = p_id AND tenant_id = p_tenant AND deleted_at IS NULL FOR UPDATE;
    IF was = 'queued' THEN
        PERFORM generation_finish_unrun(p_tenant, p_id, 'canceled', NULL, 'canceled_before_start');
    ELSIF was = 'running' THEN
        UPDATE generations_generation SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE id = p_id;
    END IF;
    RETURN was;
END $$;
