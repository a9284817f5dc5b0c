-- What credit notes can still take back of issued invoices, before tax, in whole coins.
CREATE OR REPLACE FUNCTION invoices_creditable(p_invoices uuid[]) RETURNS TABLE (id uuid, amount numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT i.id, greatest(trunc(invoice_net_left(i.id), i.digits), 0)
    FROM billing_invoice i WHERE i.id = ANY (p_invoices) AND i.status IN ('finalised', 'paid')
$$;
