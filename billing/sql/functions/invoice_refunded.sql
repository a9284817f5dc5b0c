-- The charges of an invoice's month of which something was refunded: how much of paid money and of credits, and what is kept.
CREATE OR REPLACE FUNCTION invoice_refunded(p_tenant uuid, p_month date)
RETURNS TABLE (generation_id uuid, billing_date date, paid numeric, kept numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT c.generation_id, c.billing_date, coalesce(sum(e.amount) FILTER (WHERE e.credit_id IS NULL), 0),
           charge_kept(p_tenant, c.generation_id, c.amount)
    FROM billing_ledgertransaction x
    JOIN billing_charge c ON c.generation_id = x.generation_id AND c.tenant_id = x.tenant_id AND c.billing_date >= p_month
        AND c.billing_date < (p_month + interval '1 month')::date
    JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id AND e.account = 'wallet'
    WHERE x.tenant_id = p_tenant AND x.livemode AND x.kind = 'refund'
    GROUP BY c.generation_id, c.billing_date, c.amount
$$;
