-- A charge in the ledger: from the wallet to revenue. With p_credits the tenant's credits are spent before paid money, the
-- soonest to expire first; each has its own entry, so that what is left of it is a sum of entries, as the balance is (I4).
-- Then the caller holds the wallet's lock; without, nothing is locked.
CREATE OR REPLACE FUNCTION charge_book(p_tenant uuid, p_generation uuid, p_livemode boolean, p_amount numeric,
    p_currency text, p_credits boolean) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    entry uuid := id_new();
    unpaid numeric := p_amount;
    part numeric;
    credit record;
BEGIN
    INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, generation_id, reason, actor)
    VALUES (entry, p_tenant, p_livemode, 'charge', p_generation, '', 'system');
    FOR credit IN
        SELECT id, remaining FROM billing_credit
        WHERE p_credits AND tenant_id = p_tenant AND livemode = p_livemode AND remaining > 0 AND currency = p_currency
        ORDER BY expires_at NULLS LAST, id FOR UPDATE
    LOOP
        EXIT WHEN unpaid = 0;
        part := least(unpaid, credit.remaining);
        UPDATE billing_credit SET remaining = remaining - part WHERE id = credit.id;
        INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency, credit_id)
        VALUES (p_tenant, entry, 'wallet', p_livemode, -part, p_currency, credit.id);
        unpaid := unpaid - part;
    END LOOP;
    IF unpaid < p_amount THEN
        UPDATE billing_wallet SET untaxed = untaxed - (p_amount - unpaid) WHERE tenant_id = p_tenant AND livemode = p_livemode;
    END IF;
    INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
    SELECT p_tenant, entry, account, p_livemode, amount, p_currency
    FROM (VALUES ('wallet', -unpaid), ('revenue', p_amount)) AS sides (account, amount) WHERE amount <> 0;
END $$;
