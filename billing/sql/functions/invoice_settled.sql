-- What payments and credit notes have taken off what was due.
CREATE OR REPLACE FUNCTION invoice_settled(p_invoice uuid) RETURNS numeric
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT coalesce((SELECT sum(amount) FROM billing_payment WHERE invoice_id = p_invoice), 0)
         + coalesce((SELECT sum(to_due) FROM billing_creditnote WHERE invoice_id = p_invoice), 0)
$$;
