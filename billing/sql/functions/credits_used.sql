-- What the charges of a span of billing dates took from a tenant's credits (live mode), by where the credits came from.
-- p_until NULL: to the end of time.
CREATE OR REPLACE FUNCTION credits_used(p_tenant uuid, p_from date, p_until date)
RETURNS TABLE (source text, amount numeric, charges bigint)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT k.source, -sum(e.amount), count(*)
    FROM billing_credit k
    JOIN billing_ledgerentry e ON e.credit_id = k.id AND e.tenant_id = k.tenant_id
    JOIN billing_ledgertransaction x ON x.tenant_id = e.tenant_id AND x.id = e.transaction_id AND x.kind = 'charge'
    JOIN billing_charge c ON c.tenant_id = x.tenant_id AND c.generation_id = x.generation_id
    WHERE k.tenant_id = p_tenant AND k.livemode AND c.billing_date >= p_from
        AND (p_until IS NULL OR c.billing_date < p_until)
    GROUP BY k.source
$$;
