-- Creates the monthly partitions that are missing of the events, or of the contents or calls of generations, p_months from
-- the month of p_from on. Returns how many it created.
--
-- A month takes the ids that were made in it. A table is created aside and then attached: CREATE TABLE … PARTITION OF would
-- wait for whoever reads the whole table, and every job would wait behind it. Rows that went into the default partition
-- meanwhile move into the month they belong to. It gives up after half a second, before anybody waits in a ring with it; it
-- is called every hour, months ahead. Contents and calls refer to generations, which are locked first, as by jobs.
CREATE OR REPLACE FUNCTION generation_months_create(p_table text, p_from date, p_months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    key text := CASE p_table WHEN 'events_event' THEN 'subject'
                             WHEN 'generations_generationcontent' THEN 'generation_id'
                             WHEN 'generations_upstreamcall' THEN 'generation_id' END;
    month timestamp;
    name text;
    first uuid;
    following uuid;
    created int := 0;
BEGIN
    IF key IS NULL THEN
        RAISE EXCEPTION 'The table % has no months.', p_table;
    END IF;
    PERFORM set_config('lock_timeout', '500ms', true);
    FOR n IN 0 .. p_months - 1 LOOP
        month := date_trunc('month', p_from::timestamp) + make_interval(months => n);
        name := p_table || '_' || to_char(month, 'YYYYMM');
        first := month_first_id(month AT TIME ZONE 'UTC');
        following := month_first_id((month + interval '1 month') AT TIME ZONE 'UTC');
        -- What was there before the months ends with one of them, which may be this one or a later one.
        CONTINUE WHEN to_regclass(name) IS NOT NULL OR first < (
            SELECT (regexp_match(pg_get_expr(relpartbound, oid), 'TO \(''([0-9a-f-]+)'''))[1]::uuid FROM pg_class
            WHERE oid = to_regclass(p_table || '_past'));
        IF key = 'generation_id' THEN
            LOCK TABLE generations_generation IN SHARE ROW EXCLUSIVE MODE;
        END IF;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name, p_table);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        -- with this, attaching it need not read it
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT of_its_month CHECK (%I >= %L AND %I < %L)',
            name, key, first, key, following);
        EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', p_table || '_default');
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM moved',
            p_table || '_default', key, first, key, following, name);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', p_table, name, first, following);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT of_its_month', name);
        created := created + 1;
    END LOOP;
    RETURN created;
END $$;
REVOKE ALL ON FUNCTION generation_months_create(text, date, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_months_create(text, date, int) TO cavendish_system;
