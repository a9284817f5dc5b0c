-- Below what readers of events stay: the oldest transaction that is still open, in the count that events are ordered by.
CREATE OR REPLACE FUNCTION event_horizon() RETURNS xid8
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint
            + coalesce(pg_sequence_last_value('public.events_xid_base'::regclass), 0))::text::xid8
$$;
