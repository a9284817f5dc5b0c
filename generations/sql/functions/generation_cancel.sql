-- Cancels: a queued job at once, a running one by asking its worker. Returns the status before, NULL when unknown.
CREATE OR REPLACE FUNCTION generation_cancel(p_tenant uuid, p_id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    status_before text;
BEGIN
    SELECT status INTO status_before FROM generations_generation
    WHERE id = p_id AND tenant_id = p_tenant AND deleted_at IS NULL FOR UPDATE;
    IF status_before = 'queued' THEN
        PERFORM generation_finish_unrun(p_tenant, p_id, 'canceled', NULL, 'canceled_before_start');
    ELSIF status_before = 'running' THEN
        UPDATE generations_generation SET cancel_requested_at = coalesce(cancel_requested_at, now()) WHERE id = p_id;
    END IF;
    RETURN status_before;
END $$;
