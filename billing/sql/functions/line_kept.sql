-- How much credit notes have left of an invoice's line, from 1 to 0: a note takes its part of all charges of the line alike.
CREATE OR REPLACE FUNCTION line_kept(p_line bigint, p_amount numeric) RETURNS numeric
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT coalesce(min(n.kept), CASE WHEN p_amount <> 0 THEN greatest(1 - coalesce(sum(n.amount), 0) / p_amount, 0)
                                      ELSE 1 END)
    FROM billing_creditnoteline n WHERE n.invoice_line_id = p_line
$$;
