-- An issued invoice with its lines, a credit note and a price say what they said when they were written: numbers, dates, parties,
-- amounts and what was due give the seal that they were given then. What was told of an invoice that day is what it still says.
SELECT i.tenant_id, i.number AS subject, 'invoice' AS what, i.amount_due, x.amount_due AS told_due, i.total, x.total AS told_total
FROM billing_invoice i
LEFT JOIN LATERAL (SELECT v.data->>'number' AS number, (v.data->>'amount_due')::numeric AS amount_due,
                          (v.data->>'total')::numeric AS total
                   FROM events_event v WHERE v.subject = i.id AND v.type = 'invoice.finalised' ORDER BY v.id LIMIT 1) x ON true
WHERE i.status <> 'draft' AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND (i.month >= %(first)s::date OR %(since)s::timestamptz > '-infinity') AND i.month < %(end)s::date AND i.finalised_at >= %(since)s::timestamptz
    AND (i.seal <> invoice_seal(i) OR i.number <> x.number OR i.amount_due <> x.amount_due OR i.total <> x.total)
UNION ALL
SELECT c.tenant_id, c.number, 'credit note', NULL, NULL, c.total, NULL
FROM billing_creditnote c
WHERE c.seal <> credit_note_seal(c) AND (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s) AND c.created_at >= %(since)s::timestamptz
UNION ALL
SELECT NULL, concat_ws(' ', p.model, p.kind, p.tier, p.image_size, p.effective_from), 'price', NULL, NULL, p.unit_price, NULL
FROM billing_price p
WHERE %(tenant)s::uuid IS NULL AND p.seal <> price_seal(p)
