-- The table of events becomes a partition, and one that has months takes its name. Its key begins with the subject: that
-- replaces two indexes by one. `id` comes from a sequence as before, but not from an identity: a partition may have none.
DO $$
BEGIN
    -- Nobody waits long behind us.
    PERFORM set_config('lock_timeout', '100ms', true);
    FOR attempt IN 1 .. 200 LOOP
        BEGIN
            LOCK TABLE events_event IN ACCESS EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF attempt = 200 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.1 * random());
        END;
    END LOOP;
END $$;
DO $$
DECLARE
    following bigint := nextval(pg_get_serial_sequence('events_event', 'id'));
BEGIN
    ALTER TABLE events_event ALTER COLUMN id DROP IDENTITY;
    EXECUTE format('CREATE SEQUENCE events_event_id_seq START %s', following);
END $$;
ALTER TABLE events_event DROP CONSTRAINT events_event_pkey;
DROP INDEX events_of_subject;
ALTER TABLE events_event RENAME TO events_event_past;
ALTER TABLE events_event_past ADD PRIMARY KEY USING INDEX events_event_past_pkey;
ALTER INDEX events_in_order RENAME TO events_event_past_order;
ALTER INDEX events_of_tenant RENAME TO events_event_past_tenant;

CREATE TABLE events_event (LIKE events_event_past INCLUDING DEFAULTS) PARTITION BY RANGE (subject);
ALTER TABLE events_event ALTER COLUMN id SET DEFAULT nextval('events_event_id_seq');
ALTER TABLE events_event ADD PRIMARY KEY (subject, id);
ALTER SEQUENCE events_event_id_seq OWNED BY events_event.id;
GRANT USAGE ON SEQUENCE events_event_id_seq TO cavendish_app, cavendish_operator;
CREATE INDEX events_in_order ON events_event (xid, id);
CREATE INDEX events_of_tenant ON events_event (tenant_id, xid, id);
-- generation_month_drop: what is not a job's stays, and is found without reading those of jobs
CREATE INDEX events_of_others ON events_event (subject) WHERE type NOT LIKE 'generation.%';
