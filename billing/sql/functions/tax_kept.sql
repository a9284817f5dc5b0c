-- What a wallet keeps back of its paid money for the tax of its next invoices: the wallet's `tax_rate` of what was used and
-- stands on none yet (`untaxed`), and of what is held beyond its credits, for those pay their part before the tax. Nothing
-- where the rate is zero, or where there is a credit limit: whoever has one may owe.
CREATE OR REPLACE FUNCTION tax_kept(p_tenant uuid, p_livemode boolean) RETURNS numeric
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT CASE WHEN w.tax_rate > 0 AND w.credit_limit = 0 THEN
        round(greatest(w.untaxed + greatest(w.held - (
                SELECT coalesce(sum(k.remaining), 0) FROM billing_credit k
                WHERE k.tenant_id = p_tenant AND k.livemode = p_livemode AND k.remaining > 0), 0), 0) * w.tax_rate / 100, 9)
        ELSE 0 END
    FROM billing_wallet w WHERE w.tenant_id = p_tenant AND w.livemode = p_livemode
$$;
