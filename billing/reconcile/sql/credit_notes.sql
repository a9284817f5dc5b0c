-- The lines of a credit note sum to what it takes back before tax, each is one of its invoice's, and it names that invoice's customer.
SELECT c.tenant_id, c.number AS subject, c.net, l.amount AS lines, l.foreign_lines, c.customer->>'name' AS customer,
       i.customer->>'name' AS invoice_customer
FROM billing_creditnote c
LEFT JOIN billing_invoice i ON i.id = c.invoice_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(n.amount), 0) AS amount, count(*) FILTER (WHERE v.invoice_id IS DISTINCT FROM c.invoice_id) AS foreign_lines
    FROM billing_creditnoteline n LEFT JOIN billing_invoiceline v ON v.id = n.invoice_line_id
    WHERE n.credit_note_id = c.id) l
WHERE (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s) AND c.created_at >= %(since)s::timestamptz
    AND (c.net <> l.amount OR l.foreign_lines > 0 OR i.id IS NULL OR c.customer <> i.customer OR c.tenant_id <> i.tenant_id)
