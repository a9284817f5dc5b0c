-- What of a charge was neither refunded nor credited: each credit note of a line took its part of all charges of the line.
-- `paid` is how much of that may go back to paid money, where the invoice has credit notes: what is left of the invoice.
-- Without credit notes it is the charge without its refunds, and `paid` is NULL.
CREATE OR REPLACE FUNCTION charge_left(p_tenant uuid, p_generation uuid, OUT kept numeric, OUT worth numeric, OUT paid numeric)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    charge billing_charge;
    invoice uuid;
BEGIN
    SELECT * INTO STRICT charge FROM billing_charge WHERE generation_id = p_generation AND tenant_id = p_tenant;
    kept := charge_kept(p_tenant, p_generation, charge.amount);
    worth := charge.amount;
    SELECT i.id INTO invoice FROM billing_invoice i
    WHERE charge.livemode AND i.tenant_id = p_tenant AND i.month = date_trunc('month', charge.billing_date)::date
        AND i.status IN ('finalised', 'paid') AND EXISTS (SELECT 1 FROM billing_creditnote n WHERE n.invoice_id = i.id);
    IF FOUND THEN
        SELECT sum(u.amount * coalesce(k.kept, 1)) INTO worth
        FROM billing_usagerecord u
        LEFT JOIN billing_invoiceline l ON l.invoice_id = invoice AND line_has(l, u)
        LEFT JOIN LATERAL (SELECT line_kept(l.id, l.amount) AS kept) k ON l.id IS NOT NULL
        WHERE u.billing_date = charge.billing_date AND u.generation_id = p_generation;
        worth := least(greatest(coalesce(worth, 0), 0), charge.amount);
        paid := greatest(invoice_net_left(invoice), 0);
    END IF;
END $$;
