-- Creates the monthly partitions of the usage records that are missing, p_months from the month of p_from on. Returns how
-- many it created.
--
-- A table is created aside and then attached: CREATE TABLE … PARTITION OF would wait for whoever reads the whole table, a
-- reconciliation for example, and every settlement would wait behind it. Rows that went into the default partition
-- meanwhile move into the month they belong to. It gives up after two seconds; it is called every hour, months ahead.
CREATE OR REPLACE FUNCTION usage_partitions_create(p_from date, p_months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    month date;
    name text;
    created int := 0;
BEGIN
    PERFORM set_config('lock_timeout', '2s', true);
    FOR n IN 0 .. p_months - 1 LOOP
        month := (date_trunc('month', p_from) + make_interval(months => n))::date;
        name := 'billing_usagerecord_' || to_char(month, 'YYYYMM');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE billing_usagerecord INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
        -- with this, attaching it need not read it
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT of_its_month CHECK (billing_date >= %L AND billing_date < %L)',
            name, month, (month + interval '1 month')::date);
        LOCK TABLE billing_usagerecord_default IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('WITH moved AS (DELETE FROM billing_usagerecord_default WHERE billing_date >= %L AND billing_date < %L
                        RETURNING *) INSERT INTO %I SELECT * FROM moved', month, (month + interval '1 month')::date, name);
        EXECUTE format('ALTER TABLE billing_usagerecord ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, month, (month + interval '1 month')::date);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT of_its_month', name);
        created := created + 1;
    END LOOP;
    RETURN created;
END $$;
REVOKE ALL ON FUNCTION usage_partitions_create(date, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_partitions_create(date, int) TO cavendish_system, cavendish_operator;
