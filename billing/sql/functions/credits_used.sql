-- What the charges of a span of billing dates took from a tenant's credits (live mode), by where the credits came from.
-- p_until NULL: to the end of time. From the credits, which are few, to their entries, to those entries' charges: the
-- other way round it would read all charges of a tenant.
CREATE OR REPLACE FUNCTION credits_used(p_tenant uuid, p_from date, p_until date)
RETURNS TABLE (source text, amount numeric, charges bigint)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM billing_credit k WHERE k.tenant_id = p_tenant AND k.livemode) THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT k.source::text, -sum(e.amount), count(*)
        FROM billing_credit k
        CROSS JOIN LATERAL (SELECT n.transaction_id, n.amount FROM billing_ledgerentry n
                            WHERE n.credit_id = k.id AND n.tenant_id = p_tenant OFFSET 0) e
        CROSS JOIN LATERAL (SELECT x.generation_id FROM billing_ledgertransaction x
                            WHERE x.id = e.transaction_id AND x.kind = 'charge' OFFSET 0) t
        CROSS JOIN LATERAL (SELECT c.billing_date FROM billing_charge c WHERE c.generation_id = t.generation_id OFFSET 0) c
        WHERE k.tenant_id = p_tenant AND k.livemode AND c.billing_date >= p_from
            AND (p_until IS NULL OR c.billing_date < p_until)
        GROUP BY k.source;
END $$;
