-- What has moved a tenant's paid money (live mode) and stands on no issued invoice yet: usage after the month of the last one
-- without what credits paid of it, and corrections. Positive is what the tenant has used.
CREATE OR REPLACE FUNCTION unbilled_sum(p_tenant uuid) RETURNS numeric
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    since date := (SELECT (max(i.month) + interval '1 month')::date FROM billing_invoice i
                   WHERE i.tenant_id = p_tenant AND i.status IN ('finalised', 'paid'));
BEGIN
    RETURN coalesce((SELECT sum(u.amount) FROM billing_usagerollup u
                     WHERE u.tenant_id = p_tenant AND u.livemode AND u.kind <> 'request'
                         AND u.billing_date >= coalesce(since, '-infinity')), 0)
        - coalesce((SELECT sum(c.amount) FROM credits_used(p_tenant, coalesce(since, '-infinity'), NULL) c), 0)
        - coalesce((SELECT sum(e.amount) FROM billing_ledgertransaction x
                    JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id
                        AND e.account = 'wallet' AND e.credit_id IS NULL
                    WHERE x.tenant_id = p_tenant AND x.livemode AND x.kind IN ('adjustment', 'refund')
                        AND NOT EXISTS (SELECT 1 FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id
                                        WHERE l.ledger_transaction_id = x.id AND i.status IN ('finalised', 'paid'))), 0);
END $$;
