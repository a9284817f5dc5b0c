-- Each of the tables becomes a partition, and one that has months takes its name. A content's tenant needs no key and no
-- index of its own: the key to its generation carries it.
DO $$
BEGIN
    -- Jobs lock these in more than one order: nobody waits long behind us, and we wait for nobody while we hold one.
    PERFORM set_config('lock_timeout', '100ms', true);
    FOR attempt IN 1 .. 600 LOOP
        BEGIN
            LOCK TABLE accounts_tenant IN ACCESS EXCLUSIVE MODE;
            -- Whole: to attach a table whose key to it is known, PostgreSQL takes triggers away from it.
            LOCK TABLE generations_generation IN ACCESS EXCLUSIVE MODE;
            LOCK TABLE generations_upstreamcall, generations_generationcontent IN ACCESS EXCLUSIVE MODE;
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            IF attempt = 600 THEN
                RAISE;
            END IF;
            PERFORM pg_sleep(0.1 * random());
        END;
    END LOOP;
END $$;

DO $$
DECLARE
    key name := (SELECT conname FROM pg_constraint WHERE conrelid = 'generations_generationcontent'::regclass
                 AND confrelid = 'accounts_tenant'::regclass);
    index name := (SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                   WHERE i.indrelid = 'generations_generationcontent'::regclass AND NOT i.indisprimary);
BEGIN
    EXECUTE format('ALTER TABLE generations_generationcontent DROP CONSTRAINT %I', key);
    EXECUTE format('DROP INDEX %I', index);
END $$;
ALTER TABLE generations_generationcontent RENAME TO generations_generationcontent_past;
ALTER INDEX generations_generationcontent_pkey RENAME TO generations_generationcontent_past_pkey;
CREATE TABLE generations_generationcontent (LIKE generations_generationcontent_past INCLUDING DEFAULTS)
    PARTITION BY RANGE (generation_id);
ALTER TABLE generations_generationcontent ADD PRIMARY KEY (generation_id);
ALTER TABLE generations_generationcontent ADD CONSTRAINT generations_generationcontent_generation_id_tenant_fk
    FOREIGN KEY (tenant_id, generation_id) REFERENCES generations_generation (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE;

ALTER TABLE generations_upstreamcall RENAME TO generations_upstreamcall_past;
ALTER INDEX generations_upstreamcall_pkey RENAME TO generations_upstreamcall_past_pkey;
CREATE TABLE generations_upstreamcall (LIKE generations_upstreamcall_past INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (generation_id);
ALTER TABLE generations_upstreamcall DROP CONSTRAINT generations_upstreamcall_before_months;
ALTER TABLE generations_upstreamcall ADD PRIMARY KEY (generation_id, attempt, number);
ALTER TABLE generations_upstreamcall ADD CONSTRAINT generations_upstreamcall_generation_id_tenant_fk
    FOREIGN KEY (tenant_id, generation_id) REFERENCES generations_generation (tenant_id, id) DEFERRABLE INITIALLY IMMEDIATE;
