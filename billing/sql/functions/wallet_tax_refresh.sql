-- Sets at which rate a live wallet keeps tax back, and counts anew what it has used that no invoice shows. Called under the
-- locks of whatever changes either in another way than job by job: a profile, a company, an invoice that is issued or void.
-- Jobs that settle meanwhile wait for the wallet, and add what they used to the new sum.
CREATE OR REPLACE FUNCTION wallet_tax_refresh(p_tenant uuid) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    rate numeric := tax_keeping(p_tenant);
BEGIN
    -- most tenants have no tax, and this runs for each invoice
    IF rate = 0 AND NOT EXISTS (SELECT 1 FROM billing_wallet w WHERE w.tenant_id = p_tenant AND w.livemode AND w.tax_rate > 0) THEN
        RETURN;
    END IF;
    PERFORM 1 FROM billing_wallet WHERE tenant_id = p_tenant AND livemode FOR UPDATE;
    UPDATE billing_wallet SET tax_rate = rate, untaxed = CASE WHEN rate > 0 THEN unbilled_sum(p_tenant) ELSE untaxed END
    WHERE tenant_id = p_tenant AND livemode;
END $$;
