-- Usage records live in one partition per month of their billing date, made ahead; no role but the owner may touch a
-- partition directly, since that would go around the row-level security of the parent.
CREATE TABLE billing_usagerecord (
    billing_date date NOT NULL,
    generation_id uuid NOT NULL,
    attempt smallint NOT NULL CHECK (attempt >= 0),
    kind varchar(16) NOT NULL,
    tenant_id uuid NOT NULL REFERENCES accounts_tenant (id),
    livemode boolean NOT NULL,
    api_key_id uuid NOT NULL,
    model varchar(100) NOT NULL,
    image_size varchar(8) NOT NULL,
    quantity bigint NOT NULL,
    unit_price numeric(20, 9) NOT NULL,
    amount numeric(20, 9) NOT NULL,
    cost numeric(20, 9) NOT NULL,
    currency varchar(3) NOT NULL,
    at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (billing_date, generation_id, attempt, kind)
) PARTITION BY RANGE (billing_date);
CREATE INDEX usage_of_tenant ON billing_usagerecord (tenant_id, billing_date);
CREATE TABLE billing_usagerecord_default PARTITION OF billing_usagerecord DEFAULT;

CREATE FUNCTION usage_partitions_create(p_from date, p_months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    month date;
    made int := 0;
BEGIN
    FOR n IN 0 .. p_months - 1 LOOP
        month := (date_trunc('month', p_from) + make_interval(months => n))::date;
        IF to_regclass('billing_usagerecord_' || to_char(month, 'YYYYMM')) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF billing_usagerecord FOR VALUES FROM (%L) TO (%L)',
                'billing_usagerecord_' || to_char(month, 'YYYYMM'), month, (month + interval '1 month')::date);
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;
REVOKE ALL ON FUNCTION usage_partitions_create(date, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION usage_partitions_create(date, int) TO cavendish_system, cavendish_operator;
SELECT usage_partitions_create((current_date - interval '1 month')::date, 15);

-- The ledger is append only (I4) ...
CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'The ledger is append only; write a new transaction instead.' USING ERRCODE = 'CV001'; END $$;
CREATE TRIGGER ledger_transaction_append_only BEFORE UPDATE OR DELETE ON billing_ledgertransaction
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_append_only BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_transaction_no_truncate BEFORE TRUNCATE ON billing_ledgertransaction
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_entry_no_truncate BEFORE TRUNCATE ON billing_ledgerentry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

-- ... and each transaction sums to zero, looked at when the database transaction commits.
CREATE FUNCTION ledger_check_balance() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF (SELECT sum(amount) FROM billing_ledgerentry WHERE transaction_id = NEW.transaction_id) <> 0 THEN
        RAISE EXCEPTION 'Ledger transaction % does not sum to zero.', NEW.transaction_id USING ERRCODE = 'CV002';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_balanced AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balance();
