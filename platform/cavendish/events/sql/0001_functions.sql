-- The transaction that wrote an event: readers order by (xid, id) and stay below the oldest transaction still open,
-- so that a row whose transaction commits late is never skipped by a cursor that has passed it.
ALTER TABLE events_event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX events_in_order ON events_event (xid, id);

CREATE FUNCTION event_add(p_tenant uuid, p_subject uuid, p_type text, p_data jsonb) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp
AS $$ INSERT INTO events_event (tenant_id, subject, type, data) VALUES (p_tenant, p_subject, p_type, p_data) $$;

-- Events of one subject after a cursor ("xid.id", empty for all), oldest first. Sets the tenant itself, because its
-- caller, the waiting layer, holds no transaction; the caller was told the tenant by an authenticated view.
CREATE FUNCTION event_page(p_tenant uuid, p_subject uuid, p_after text, p_limit int)
RETURNS TABLE (cursor text, type text, data jsonb, at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    after_xid xid8 := coalesce(nullif(split_part(p_after, '.', 1), ''), '0')::xid8;
    after_id bigint := coalesce(nullif(split_part(p_after, '.', 2), ''), '0')::bigint;
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    RETURN QUERY
        SELECT e.xid::text || '.' || e.id::text, e.type::text, e.data, e.at
        FROM events_event e
        WHERE e.tenant_id = p_tenant AND e.subject = p_subject AND (e.xid, e.id) > (after_xid, after_id)
            AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.xid, e.id
        LIMIT p_limit;
END $$;
