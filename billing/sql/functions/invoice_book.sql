-- A transaction of the ledger that belongs to an invoice. p_entries: {account: amount}, which sum to zero; accounts with
-- nothing in them are left out. The wallet's balance follows its entry. Nothing to book books nothing.
CREATE OR REPLACE FUNCTION invoice_book(p_tenant uuid, p_invoice uuid, p_kind text, p_reason text, p_actor text,
    p_currency text, p_entries jsonb) RETURNS uuid
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    new_id uuid;
    moved numeric := coalesce((p_entries->>'wallet')::numeric, 0);
BEGIN
    IF NOT EXISTS (SELECT 1 FROM jsonb_each_text(p_entries) e WHERE e.value::numeric <> 0) THEN
        RETURN NULL;
    END IF;
    new_id := id_new();
    INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, invoice_id, reason, actor)
    VALUES (new_id, p_tenant, true, p_kind, p_invoice, p_reason, left(p_actor, 100));
    INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
    SELECT p_tenant, new_id, e.key, true, e.value::numeric, p_currency
    FROM jsonb_each_text(p_entries) e WHERE e.value::numeric <> 0;
    UPDATE billing_wallet
    SET balance = balance + moved,
        -- a mail about a low balance counts no more once it is above the threshold again
        low_balance_told_at = CASE WHEN moved > 0 AND balance + moved + credit_limit >= coalesce(low_balance_threshold, 0)
            THEN NULL ELSE low_balance_told_at END
    WHERE tenant_id = p_tenant AND livemode AND moved <> 0;
    RETURN new_id;
END $$;
