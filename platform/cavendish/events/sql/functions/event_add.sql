-- Adds an event: history, source of the event stream and outbox of webhooks in one row. In plpgsql, which keeps its plan.
CREATE OR REPLACE FUNCTION event_add(p_tenant uuid, p_subject uuid, p_type text, p_data jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$ BEGIN
    INSERT INTO events_event (tenant_id, subject, type, data) VALUES (p_tenant, p_subject, p_type, p_data);
END $$;
