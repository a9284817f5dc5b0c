-- All events of a tenant after a cursor ("xid.id", empty for all), oldest first, with the mode of what they are about: what
-- both modes share counts as live. Those of the other mode are the caller's to leave out, so that its cursor passes them. Sets the tenant itself, because its
-- caller, the waiting layer, holds no transaction; the caller knows the tenant from an authenticated view.
CREATE OR REPLACE FUNCTION event_page_of_tenant(p_tenant uuid, p_after text, p_limit int)
RETURNS TABLE (cursor text, type text, data jsonb, at timestamptz, subject uuid, livemode boolean)
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    after_xid xid8 := coalesce(nullif(split_part(p_after, '.', 1), ''), '0')::xid8;
    after_id bigint := coalesce(nullif(split_part(p_after, '.', 2), ''), '0')::bigint;
    horizon xid8 := event_horizon();
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    RETURN QUERY
        SELECT e.xid::text || '.' || e.id::text, e.type::text, e.data - 'worker', e.at, e.subject,
            coalesce(CASE split_part(e.type, '.', 1)
                WHEN 'generation' THEN (SELECT g.livemode FROM generations_generation g WHERE g.id = e.subject)
                WHEN 'batch' THEN (SELECT b.livemode FROM generations_batch b WHERE b.id = e.subject)
                ELSE (e.data->>'livemode')::boolean
            END, true)
        FROM events_event e
        WHERE e.tenant_id = p_tenant AND (e.xid, e.id) > (after_xid, after_id) AND e.xid < horizon
        ORDER BY e.xid, e.id
        LIMIT p_limit;
END $$;
