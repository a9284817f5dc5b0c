-- Adds to a batch's counts, and ends it with its last item: as failed where none went well. `p_fed` of the items had waited until now.
--
-- One row per batch, locked after the wallet that every end of a job locks as well: so it is no hotter than that one, and
-- whoever comes last sees what all before it counted. Nothing ever counts the items themselves.
CREATE OR REPLACE FUNCTION batch_count(p_tenant uuid, p_batch uuid, p_status text, p_items int, p_fed int) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    b generations_batch;
    final text;
BEGIN
    UPDATE generations_batch
    SET fed = fed + p_fed,
        succeeded = succeeded + CASE p_status WHEN 'succeeded' THEN p_items ELSE 0 END,
        failed = failed + CASE p_status WHEN 'failed' THEN p_items ELSE 0 END,
        canceled = canceled + CASE p_status WHEN 'canceled' THEN p_items ELSE 0 END,
        expired = expired + CASE p_status WHEN 'expired' THEN p_items ELSE 0 END,
        status = CASE status WHEN 'queued' THEN 'running' ELSE status END,
        started_at = coalesce(started_at, now()),
        refused_at = CASE p_status WHEN 'in_progress' THEN NULL ELSE refused_at END
    WHERE id = p_batch AND tenant_id = p_tenant RETURNING * INTO STRICT b;
    IF b.succeeded + b.failed + b.canceled + b.expired < b.total OR b.finished_at IS NOT NULL THEN
        RETURN;
    END IF;
    final := CASE WHEN b.cancel_requested_at IS NOT NULL THEN 'canceled' WHEN b.expired > 0 THEN 'expired'
        WHEN b.failed = b.total THEN 'failed' ELSE 'completed' END;
    UPDATE generations_batch SET status = final, finished_at = now() WHERE id = p_batch;
    PERFORM event_add(p_tenant, p_batch, 'batch.' || final, jsonb_build_object('old', b.status, 'new', final,
        'total', b.total, 'succeeded', b.succeeded, 'failed', b.failed, 'canceled', b.canceled, 'expired', b.expired));
END $$;
