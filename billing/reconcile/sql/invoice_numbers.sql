-- The numbers of a legal entity's invoices, credit notes and receipts have no gap: there are as many as its counter says, each series goes
-- from its first to its last without a hole, a restarted one from 1, and no date goes back in it.
-- Each number is a prefix and its place in the series.
WITH documents AS (
    SELECT 'invoices' AS document, i.tenant_id, i.legal_entity_id, i.series, i.series_number, i.number, i.issued_on, i.seal
    FROM billing_invoice i WHERE i.series_number IS NOT NULL
    UNION ALL
    SELECT 'credit notes', c.tenant_id, c.legal_entity_id, c.series, c.series_number, c.number, c.issued_on, c.seal
    FROM billing_creditnote c
    UNION ALL
    -- a receipt is younger than dates in the company's zone
    SELECT 'receipts', r.tenant_id, r.legal_entity_id, r.series, r.series_number, r.number, r.issued_on, r.id
    FROM billing_receipt r
), dated AS (
    -- those without a seal are older than dates in the company's zone, and were dated in their tenants' zones
    SELECT d.*, lag(issued_on) OVER (PARTITION BY document, legal_entity_id, series ORDER BY series_number) AS before
    FROM documents d WHERE seal IS NOT NULL
), series AS (
    SELECT document, legal_entity_id, series, count(*) AS issued, min(series_number) AS first, max(series_number) AS last
    FROM documents GROUP BY 1, 2, 3
)
SELECT NULL::uuid AS tenant_id, concat_ws(' ', e.name, s.series) AS subject, s.document AS series, x.counted, s.issued, s.first,
       s.last
FROM series s
JOIN billing_legalentity e ON e.id = s.legal_entity_id
LEFT JOIN billing_numberseries n ON n.legal_entity_id = e.id AND n.document = replace(s.document, ' ', '_')
    AND n.series = s.series
CROSS JOIN LATERAL (SELECT coalesce(n.issued, CASE s.document WHEN 'invoices' THEN e.invoices_issued
                                             WHEN 'credit notes' THEN e.credit_notes_issued ELSE e.receipts_issued END) AS counted) x
WHERE %(tenant)s::uuid IS NULL
    AND (x.counted <> s.last OR s.last - s.first + 1 <> s.issued OR (s.series <> '' AND s.first <> 1))
UNION ALL
SELECT d.tenant_id, concat_ws(' ', d.number, 'of', d.issued_on, 'after', d.before), d.document, d.series_number, NULL, NULL, NULL
FROM dated d
WHERE (%(tenant)s::uuid IS NULL OR d.tenant_id = %(tenant)s) AND d.issued_on < d.before
UNION ALL
SELECT NULL, e.name, x.document, x.counted, x.issued, NULL, NULL
FROM billing_legalentity e
CROSS JOIN LATERAL (
    SELECT 'invoices' AS document, e.invoices_issued AS counted,
           (SELECT count(*) FROM documents d WHERE d.legal_entity_id = e.id AND d.document = 'invoices') AS issued
    UNION ALL
    SELECT 'credit notes', e.credit_notes_issued,
           (SELECT count(*) FROM documents d WHERE d.legal_entity_id = e.id AND d.document = 'credit notes')
    UNION ALL
    SELECT 'receipts', e.receipts_issued,
           (SELECT count(*) FROM documents d WHERE d.legal_entity_id = e.id AND d.document = 'receipts')) x
WHERE %(tenant)s::uuid IS NULL AND x.counted <> x.issued
UNION ALL
SELECT d.tenant_id, d.number, d.document, d.series_number, NULL, NULL, NULL
FROM documents d
WHERE (%(tenant)s::uuid IS NULL OR d.tenant_id = %(tenant)s) AND right(d.number, length(d.series_number::text)) <> d.series_number::text
