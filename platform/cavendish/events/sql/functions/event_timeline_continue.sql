-- Lets new events come behind all that are there, where a restore has brought events of a cluster whose count of
-- transactions was further. Returns whether it had to. Called by the owner after each
-- migrate, before anything writes.
CREATE OR REPLACE FUNCTION event_timeline_continue() RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    base bigint := coalesce(pg_sequence_last_value('public.events_xid_base'::regclass), 0);
    latest bigint := (SELECT xid::text::bigint FROM events_event ORDER BY xid DESC LIMIT 1);
    -- After the statement that read the latest: what had committed by then is below it.
    following bigint := pg_snapshot_xmax(pg_current_snapshot())::text::bigint;
BEGIN
    IF latest IS NULL OR latest < following + base THEN
        RETURN false;
    END IF;
    PERFORM setval('public.events_xid_base', latest - following + 1);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION event_timeline_continue() FROM PUBLIC;
