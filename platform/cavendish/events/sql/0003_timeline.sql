-- What is added to the number of a transaction, so that the order of events goes on after the database was restored into a
-- cluster whose own count is behind: `event_timeline_continue` sets it. A dump keeps a sequence's value.
CREATE SEQUENCE IF NOT EXISTS events_xid_base MINVALUE 0 START 0;
GRANT SELECT ON SEQUENCE events_xid_base TO PUBLIC;
ALTER TABLE events_event ALTER COLUMN xid SET DEFAULT
    (pg_current_xact_id()::text::bigint + coalesce(pg_sequence_last_value('public.events_xid_base'::regclass), 0))::text::xid8;
