-- The rate at which a tenant's wallet keeps tax back: that of its invoices, 0 where it gets none, or where the company that
-- issues them does not ask for it.
CREATE OR REPLACE FUNCTION tax_keeping(p_tenant uuid) RETURNS numeric
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT coalesce((
        SELECT p.tax_rate FROM billing_billingprofile p
        LEFT JOIN billing_legalentity e ON e.id = coalesce(p.legal_entity_id,
            (SELECT d.id FROM billing_legalentity d WHERE d.is_default))
        WHERE p.tenant_id = p_tenant AND p.invoiced AND coalesce(e.keeps_tax_back, true)), 0)
$$;
