-- Events of one subject after a cursor ("xid.id", empty for all), oldest first. Sets the tenant itself, because its
-- caller, the waiting layer, holds no transaction; the caller knows the tenant from an authenticated view. Which worker
-- it was stays the operator's.
CREATE OR REPLACE FUNCTION event_page(p_tenant uuid, p_subject uuid, p_after text, p_limit int)
RETURNS TABLE (cursor text, type text, data jsonb, at timestamptz)
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    after_xid xid8 := coalesce(nullif(split_part(p_after, '.', 1), ''), '0')::xid8;
    after_id bigint := coalesce(nullif(split_part(p_after, '.', 2), ''), '0')::bigint;
    horizon xid8 := event_horizon();
BEGIN
    PERFORM set_config('app.tenant_id', p_tenant::text, true);
    RETURN QUERY
        SELECT e.xid::text || '.' || e.id::text, e.type::text, e.data - 'worker', e.at
        FROM events_event e
        WHERE e.tenant_id = p_tenant AND e.subject = p_subject AND (e.xid, e.id) > (after_xid, after_id)
            AND e.xid < horizon
        ORDER BY e.xid, e.id
        LIMIT p_limit;
END $$;
