-- Nothing is given back twice: what credit notes took of an invoice and refunds gave back of its charges is never more than it was, and of no charge more than it was; each credit note took its part of all charges of a line.
SELECT i.tenant_id, coalesce(i.number, i.id::text) AS subject, i.net AS charged, i.net - invoice_net_left(i.id) AS given_back
FROM billing_invoice i
WHERE i.status IN ('finalised', 'paid') AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND i.month < %(end)s::date
    AND (i.month >= %(first)s::date OR (%(since)s::timestamptz > '-infinity' AND (
            EXISTS (SELECT 1 FROM billing_creditnote n WHERE n.invoice_id = i.id AND n.created_at >= %(since)s::timestamptz)
            OR EXISTS (SELECT 1 FROM billing_ledgertransaction x WHERE x.tenant_id = i.tenant_id AND x.kind = 'refund'
                           AND x.at >= %(since)s::timestamptz))))
    AND EXISTS (SELECT 1 FROM billing_creditnote c WHERE c.invoice_id = i.id)
    AND invoice_net_left(i.id) < 0
UNION ALL
SELECT i.tenant_id, r.generation_id::text, c.amount, given.refunded + taken.amount
FROM billing_invoice i
CROSS JOIN LATERAL invoice_refunded(i.tenant_id, i.month) r
JOIN billing_charge c ON c.generation_id = r.generation_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.amount), 0) AS refunded
    FROM billing_ledgertransaction x
    JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id AND e.account = 'wallet'
    WHERE x.tenant_id = i.tenant_id AND x.kind = 'refund' AND x.generation_id = r.generation_id) given
-- each note's part of the charge: of what refunds had left by then
CROSS JOIN LATERAL (
    SELECT coalesce(sum(u.amount * n.part * coalesce(
        (SELECT coalesce(min(x.kept), 1 - sum(e.amount) / nullif(c.amount, 0))
         FROM billing_ledgertransaction x
         JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id AND e.account = 'wallet'
         WHERE x.tenant_id = i.tenant_id AND x.kind = 'refund' AND x.generation_id = r.generation_id
             AND x.id < n.credit_note_id), 1)), 0) AS amount
    FROM billing_usagerecord u
    JOIN billing_invoiceline l ON l.invoice_id = i.id AND line_has(l, u)
    JOIN LATERAL (
        SELECT m.credit_note_id, lag(m.kept, 1, 1::numeric) OVER (ORDER BY m.credit_note_id) - m.kept AS part
        FROM (SELECT b.credit_note_id,
                     coalesce(b.kept, 1 - sum(b.amount) OVER (ORDER BY b.credit_note_id) / nullif(l.amount, 0)) AS kept
              FROM billing_creditnoteline b WHERE b.invoice_line_id = l.id) m) n ON true
    WHERE u.billing_date = c.billing_date AND u.generation_id = c.generation_id) taken
WHERE i.status IN ('finalised', 'paid') AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND i.month < %(end)s::date
    AND (i.month >= %(first)s::date OR (%(since)s::timestamptz > '-infinity' AND (
            EXISTS (SELECT 1 FROM billing_creditnote n WHERE n.invoice_id = i.id AND n.created_at >= %(since)s::timestamptz)
            OR EXISTS (SELECT 1 FROM billing_ledgertransaction x WHERE x.tenant_id = i.tenant_id AND x.kind = 'refund'
                           AND x.at >= %(since)s::timestamptz))))
    AND EXISTS (SELECT 1 FROM billing_creditnote n WHERE n.invoice_id = i.id)
    AND given.refunded + taken.amount > c.amount + 0.000001
