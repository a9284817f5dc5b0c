-- The numbers of a legal entity's invoices and credit notes have no gap: there are as many as its counter says, and the last is that.
SELECT NULL::uuid AS tenant_id, e.name AS subject, x.series, x.counted, x.issued, x.last
FROM billing_legalentity e
CROSS JOIN LATERAL (
    SELECT 'invoices' AS series, e.invoices_issued AS counted, count(*) AS issued, coalesce(max(i.series_number), 0) AS last
    FROM billing_invoice i WHERE i.legal_entity_id = e.id AND i.series_number IS NOT NULL
    UNION ALL
    SELECT 'credit notes', e.credit_notes_issued, count(*), coalesce(max(c.series_number), 0)
    FROM billing_creditnote c WHERE c.legal_entity_id = e.id) x
WHERE %(tenant)s::uuid IS NULL AND (x.counted <> x.issued OR x.counted <> x.last)
