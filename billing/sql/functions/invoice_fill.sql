-- Sums up drafts anew: lines out of roll-ups and ledger, tax, how it would be paid, issuer and customer as they are now.
CREATE OR REPLACE FUNCTION invoice_fill(p_invoices uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    DELETE FROM billing_invoiceline WHERE invoice_id = ANY (p_invoices);
    INSERT INTO billing_invoiceline (tenant_id, invoice_id, number, type, model, image_size, kind, tier, unit, unit_price,
                                     description, records, quantity, images, exact, amount, ledger_transaction_id)
    SELECT i.tenant_id, i.id, l.number, l.type, l.model, l.image_size, l.kind, l.tier, l.unit, l.unit_price, l.description,
           l.records, l.quantity, l.images, l.exact, l.amount, l.ledger_transaction_id
    FROM billing_invoice i, invoice_lines(i.tenant_id, i.month, i.timezone, i.digits) l
    WHERE i.id = ANY (p_invoices);

    UPDATE billing_invoice i
    SET exact = s.exact, net = s.net, tax = s.tax, total = s.net + s.tax, amount_due = d.due, receivable = d.receivable,
        paid_from_balance = s.net + s.tax - d.due, tax_rate = s.tax_rate, tax_label = coalesce(s.tax_label, ''),
        tax_note = coalesce(s.tax_note, ''), legal_entity_id = s.legal_entity_id, issuer = s.issuer,
        customer = s.customer, refreshed_at = now(), failure = '', failed_at = NULL
    FROM (
        SELECT w.id, w.tenant_id, w.month, w.digits, lines.exact, lines.net, lines.fees, p.tax_rate, p.tax_label, p.tax_note,
               round(lines.net * coalesce(p.tax_rate, 0) / 100, w.digits) AS tax, parties.*
        FROM billing_invoice w
        LEFT JOIN billing_billingprofile p ON p.tenant_id = w.tenant_id
        CROSS JOIN LATERAL invoice_parties(w.tenant_id) parties
        CROSS JOIN LATERAL (SELECT coalesce(sum(l.exact), 0) AS exact, coalesce(sum(l.amount), 0) AS net,
                                   coalesce(sum(l.exact) FILTER (WHERE l.type IN ('base_fee', 'discount', 'commitment')), 0)
                                       AS fees
                            FROM billing_invoiceline l WHERE l.invoice_id = w.id) lines
        WHERE w.id = ANY (p_invoices)
    ) s
    CROSS JOIN LATERAL invoice_dues(s.tenant_id, s.month, s.id, s.exact - s.fees, s.net, s.tax, s.digits, s.fees) d
    WHERE i.id = s.id;
END $$;
