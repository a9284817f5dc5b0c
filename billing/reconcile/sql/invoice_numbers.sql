-- The numbers of a legal entity's invoices and credit notes have no gap: there are as many as its counter says, and the last is that.
-- Each number is a prefix and its place in the series.
SELECT NULL::uuid AS tenant_id, e.name AS subject, x.series, x.counted, x.issued, x.last
FROM billing_legalentity e
CROSS JOIN LATERAL (
    SELECT 'invoices' AS series, e.invoices_issued AS counted, count(*) AS issued, coalesce(max(i.series_number), 0) AS last
    FROM billing_invoice i WHERE i.legal_entity_id = e.id AND i.series_number IS NOT NULL
    UNION ALL
    SELECT 'credit notes', e.credit_notes_issued, count(*), coalesce(max(c.series_number), 0)
    FROM billing_creditnote c WHERE c.legal_entity_id = e.id) x
WHERE %(tenant)s::uuid IS NULL AND (x.counted <> x.issued OR x.counted <> x.last)
UNION ALL
SELECT d.tenant_id, d.number, d.series, d.series_number, NULL, NULL
FROM (SELECT tenant_id, number, 'invoices' AS series, series_number FROM billing_invoice WHERE series_number IS NOT NULL
      UNION ALL
      SELECT tenant_id, number, 'credit notes', series_number FROM billing_creditnote) d
WHERE (%(tenant)s::uuid IS NULL OR d.tenant_id = %(tenant)s) AND right(d.number, length(d.series_number::text)) <> d.series_number::text
