-- What of an invoice, before tax, was neither credited nor refunded: credit notes and refunds of its charges share it. A
-- refund that stands on the invoice itself has lowered its net already. Below zero where its charges were refunded to the
-- last digit and rounding had made less of them.
CREATE OR REPLACE FUNCTION invoice_net_left(p_invoice uuid) RETURNS numeric
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT i.net - coalesce((SELECT sum(c.net) FROM billing_creditnote c WHERE c.invoice_id = i.id), 0)
        - coalesce((SELECT sum(r.paid) FROM invoice_refunded(i.tenant_id, i.month) r), 0)
        - coalesce((SELECT sum(l.amount) FROM billing_invoiceline l
                    JOIN billing_ledgertransaction x ON x.id = l.ledger_transaction_id
                    JOIN billing_charge c ON c.generation_id = x.generation_id
                    WHERE l.invoice_id = i.id AND l.type = 'refund' AND date_trunc('month', c.billing_date) = i.month), 0)
    FROM billing_invoice i WHERE i.id = p_invoice
$$;
