-- Drops the oldest month that has to go of the events, or of the contents or calls of generations: one that was over before
-- p_before and of whose generations nothing is kept. Returns the partition's name and how many rows of it stayed, NULL where
-- no month has to go. Called again until then; each call is a transaction.
--
-- What stays of a month: whatever belongs to a generation that is not deleted (a hold keeps it from being), and events of
-- what is no generation. Where that is at most p_most rows, they are put aside, the month is emptied, and they come back.
-- Where it is more, the month stays as it is, and so does one that is hardly larger than what stays (p_least bytes, 16 KB for
-- each row, and twice its bytes: a month that was emptied must not be emptied again).
--
-- What is emptied or dropped is locked against everybody; whoever reads old months then waits for as long as the few rows
-- take. It gives up after 300 ms, and behind what has the month meanwhile (a backup, a long query) nobody waits longer.
CREATE OR REPLACE FUNCTION generation_month_drop(p_table text, p_before timestamptz, p_most int, p_least bigint)
RETURNS TABLE (name text, stayed int)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    key text := CASE p_table WHEN 'events_event' THEN 'subject'
                             WHEN 'generations_generationcontent' THEN 'generation_id'
                             WHEN 'generations_upstreamcall' THEN 'generation_id' END;
    month record;
    kept uuid[];
    staying text;
    rows int;
    bytes bigint;
BEGIN
    IF key IS NULL THEN
        RAISE EXCEPTION 'The table % has no months.', p_table;
    END IF;
    PERFORM set_config('lock_timeout', '300ms', true);
    FOR month IN SELECT p.relname::text AS name, p.bounds[1]::uuid AS first, p.bounds[2]::uuid AS following
                 FROM (SELECT c.oid, c.relname, regexp_match(pg_get_expr(c.relpartbound, c.oid),
                           'FROM \((?:''([0-9a-f-]+)''|MINVALUE)\) TO \(''([0-9a-f-]+)''\)') AS bounds
                       FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                       WHERE i.inhparent = p_table::regclass) p
                 WHERE p.bounds[2]::uuid <= month_first_id(least(p_before, now())) ORDER BY 3 LOOP
        -- By tenants, along the index of what is listed: it has nothing that was deleted.
        SELECT array_agg(g.id) INTO kept FROM (
            SELECT g.id FROM accounts_tenant t CROSS JOIN (VALUES (true), (false)) mode (live)
            CROSS JOIN LATERAL (
                SELECT g.id FROM generations_generation g
                WHERE g.tenant_id = t.id AND g.livemode = mode.live AND g.deleted_at IS NULL
                    AND g.id >= coalesce(month.first, '00000000-0000-0000-0000-000000000000') AND g.id < month.following
                ORDER BY g.id DESC LIMIT p_most + 1) g
            LIMIT p_most + 1) g;
        CONTINUE WHEN cardinality(kept) > p_most;
        kept := coalesce(kept, '{}');
        staying := format('%I = ANY ($1)', key);
        IF p_table = 'events_event' THEN
            staying := staying || $c$ OR type NOT LIKE 'generation.%'$c$;
        END IF;
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %I WHERE %s LIMIT $2) s', month.name, staying)
            INTO rows USING kept, p_most + 1;
        CONTINUE WHEN rows > p_most
            OR (rows > 0 AND pg_total_relation_size(month.name::regclass) <= p_least + 16384 * rows);
        IF rows > 0 THEN
            EXECUTE format('SELECT sum(pg_column_size(m)) FROM %I m WHERE %s', month.name, staying) INTO bytes USING kept;
            CONTINUE WHEN pg_total_relation_size(month.name::regclass) <= p_least + 16384 * rows + 2 * bytes;
            EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', month.name);
            EXECUTE format('CREATE TEMPORARY TABLE month_staying ON COMMIT DROP AS SELECT * FROM %I WHERE %s',
                month.name, staying) USING kept;
            EXECUTE format('TRUNCATE %I', month.name);
            -- They were told of when they came.
            EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', month.name);
            EXECUTE format('INSERT INTO %I SELECT * FROM month_staying', month.name);
            EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', month.name);
        ELSE
            -- Nothing can come meanwhile: what belongs to a generation came before it was deleted, and events of what is no
            -- generation are looked for under the lock.
            EXECUTE format('LOCK TABLE ONLY %I IN ACCESS EXCLUSIVE MODE', p_table);
            EXECUTE format('SELECT count(*) FROM (SELECT FROM %I WHERE %s LIMIT 1) s', month.name, staying)
                INTO rows USING kept;
            IF rows > 0 THEN
                RETURN;
            END IF;
            EXECUTE format('DROP TABLE %I', month.name);
        END IF;
        RETURN QUERY SELECT month.name, rows;
        RETURN;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION generation_month_drop(text, timestamptz, int, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_month_drop(text, timestamptz, int, bigint) TO cavendish_system;
