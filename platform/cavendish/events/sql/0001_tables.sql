-- The transaction that wrote an event: readers order by (xid, id) and stay below the oldest transaction still open,
-- so that a row whose transaction commits late is never skipped by a cursor that has passed it.
ALTER TABLE events_event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX events_in_order ON events_event (xid, id);
