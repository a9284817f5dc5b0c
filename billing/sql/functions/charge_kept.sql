-- How much refunds have left of a charge, from 1 to 0: each takes its part of all lines of the charge alike. It is kept with a
-- refund where credit notes had taken something too; else it follows from the amounts.
CREATE OR REPLACE FUNCTION charge_kept(p_tenant uuid, p_generation uuid, p_charged numeric) RETURNS numeric
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT coalesce(min(x.kept), CASE WHEN p_charged > 0 THEN greatest(1 - coalesce(sum(e.amount), 0) / p_charged, 0)
                                      ELSE 0 END)
    FROM billing_ledgertransaction x
    JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id AND e.account = 'wallet'
    WHERE x.tenant_id = p_tenant AND x.kind = 'refund' AND x.generation_id = p_generation
$$;
