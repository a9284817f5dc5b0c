-- The usage lines of an issued invoice are the roll-ups of its month, for each model, size, kind, tier and unit price: records, pieces
-- or tokens, pictures and amount; it falls due when its terms say, and never owes less than what the wallet could not carry.
-- (Lines of invoices that were issued before lines had unit prices have neither tier nor price.)
SELECT i.tenant_id, coalesce(i.number, i.id::text) AS subject,
       concat_ws(' ', d.model, d.image_size, d.kind, d.tier, trim_scale(d.unit_price), d.unit) AS line,
       d.records, d.rolled_records, d.quantity, d.rolled_quantity, d.images, d.rolled_images, d.exact, d.rolled_amount, i.due_on
FROM billing_invoice i
CROSS JOIN LATERAL (SELECT coalesce(bool_or(n.tier <> ''), true) AS priced FROM billing_invoiceline n
                    WHERE n.invoice_id = i.id AND n.type = 'usage') p
LEFT JOIN LATERAL (
    SELECT model, image_size, kind, tier, unit, unit_price, l.records, u.records AS rolled_records, l.quantity,
           u.quantity AS rolled_quantity, l.images, u.images AS rolled_images, l.exact, u.amount AS rolled_amount
    FROM (SELECT n.model, n.image_size, n.kind, n.tier, n.unit, coalesce(n.unit_price, 0) AS unit_price, sum(n.records) AS records,
                 sum(n.quantity) AS quantity, sum(n.images) AS images, sum(n.exact) AS exact
          FROM billing_invoiceline n WHERE n.invoice_id = i.id AND n.type = 'usage' GROUP BY 1, 2, 3, 4, 5, 6) l
    FULL JOIN (SELECT r.model, r.image_size, r.kind, CASE WHEN p.priced THEN r.tier ELSE '' END AS tier,
                      CASE WHEN p.priced THEN r.unit ELSE '' END AS unit, CASE WHEN p.priced THEN r.unit_price ELSE 0 END AS unit_price,
                      sum(r.records) AS records, sum(CASE WHEN p.priced THEN r.billed ELSE r.quantity END) AS quantity,
                      sum(r.images) AS images, sum(r.amount) AS amount
               FROM billing_usagerollup r
               WHERE r.tenant_id = i.tenant_id AND r.livemode AND r.kind <> 'request' AND r.billing_date >= i.month
                   AND r.billing_date < (i.month + interval '1 month')::date
               GROUP BY 1, 2, 3, 4, 5, 6) u USING (model, image_size, kind, tier, unit, unit_price)
    WHERE (l.records, l.quantity, l.images, l.exact) IS DISTINCT FROM (u.records, u.quantity, u.images, u.amount)) d ON true
WHERE i.status IN ('finalised', 'paid') AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND (i.month >= %(first)s::date OR %(since)s::timestamptz > '-infinity') AND i.month < %(end)s::date
    AND i.finalised_at >= %(since)s::timestamptz
    AND (d.kind IS NOT NULL OR i.due_on <> i.issued_on + (i.customer->>'payment_terms_days')::int OR i.amount_due < i.receivable)
