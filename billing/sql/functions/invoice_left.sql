-- What is left of each line of an invoice to be credited, in its own direction: without what credit notes took, and without
-- what refunds of its charges gave back. `exact` is that; the caller brings it to coins. A refund that stands on the invoice
-- of its own charge has been taken off that charge's lines, so nothing of it is left.
CREATE OR REPLACE FUNCTION invoice_left(p_invoice uuid)
RETURNS TABLE (number int, line_id bigint, kept numeric, exact numeric)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    WITH inv AS (
        SELECT i.tenant_id, i.month FROM billing_invoice i WHERE i.id = p_invoice
    ), refunded AS MATERIALIZED (
        SELECT r.* FROM inv, invoice_refunded(inv.tenant_id, inv.month) r
    ), gone AS (
        SELECT l.id, sum(u.amount * (1 - r.kept)) AS amount
        FROM refunded r
        JOIN billing_usagerecord u ON u.billing_date = r.billing_date AND u.generation_id = r.generation_id
        JOIN billing_invoiceline l ON l.invoice_id = p_invoice AND line_has(l, u)
        GROUP BY l.id
        UNION ALL
        -- what credits had paid went back into them
        SELECT l.id, -sum(e.amount)
        FROM refunded r
        CROSS JOIN inv
        JOIN billing_ledgertransaction x ON x.tenant_id = inv.tenant_id AND x.kind = 'refund'
            AND x.generation_id = r.generation_id
        JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id AND e.account = 'wallet'
        JOIN billing_credit k ON k.id = e.credit_id
        JOIN billing_invoiceline l ON l.invoice_id = p_invoice AND l.type = 'credit' AND l.kind = k.source
        GROUP BY l.id
    )
    SELECT l.number, l.id, k.kept,
           CASE WHEN l.type = 'refund' AND EXISTS (
                    SELECT 1 FROM billing_ledgertransaction x JOIN refunded r ON r.generation_id = x.generation_id
                    WHERE x.id = l.ledger_transaction_id) THEN 0
                ELSE k.kept * (l.amount - coalesce(g.amount, 0)) END
    FROM billing_invoiceline l
    CROSS JOIN LATERAL (SELECT line_kept(l.id, l.amount) AS kept) k
    LEFT JOIN gone g ON g.id = l.id
    WHERE l.invoice_id = p_invoice
    ORDER BY l.number
$$;
