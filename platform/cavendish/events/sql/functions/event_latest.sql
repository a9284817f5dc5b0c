-- The cursor of a tenant's latest event that readers may see, empty where there is none; needs the tenant's context.
CREATE OR REPLACE FUNCTION event_latest(p_tenant uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    horizon xid8 := event_horizon();
BEGIN
    RETURN coalesce((SELECT e.xid::text || '.' || e.id::text FROM events_event e
                     WHERE e.tenant_id = p_tenant AND e.xid < horizon ORDER BY e.xid DESC, e.id DESC LIMIT 1), '');
END $$;
