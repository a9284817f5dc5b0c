-- The usage lines of an issued invoice are the roll-ups of its month, for each model, size and kind: records, tokens, pictures and
-- amount; it falls due when its terms say, and never owes less than what the wallet could not carry.
SELECT i.tenant_id, coalesce(i.number, i.id::text) AS subject, concat_ws(' ', d.model, d.image_size, d.kind) AS line,
       d.records, d.rolled_records, d.quantity, d.rolled_quantity, d.images, d.rolled_images, d.exact, d.rolled_amount, i.due_on
FROM billing_invoice i
LEFT JOIN LATERAL (
    SELECT model, image_size, kind, l.records, u.records AS rolled_records, l.quantity, u.quantity AS rolled_quantity,
           l.images, u.images AS rolled_images, l.exact, u.amount AS rolled_amount
    FROM (SELECT n.model, n.image_size, n.kind, sum(n.records) AS records, sum(n.quantity) AS quantity,
                 sum(n.images) AS images, sum(n.exact) AS exact
          FROM billing_invoiceline n WHERE n.invoice_id = i.id AND n.type = 'usage' GROUP BY 1, 2, 3) l
    FULL JOIN (SELECT r.model, r.image_size, r.kind, sum(r.records) AS records, sum(r.quantity) AS quantity,
                      sum(r.images) AS images, sum(r.amount) AS amount
               FROM billing_usagerollup r
               WHERE r.tenant_id = i.tenant_id AND r.livemode AND r.kind <> 'request' AND r.billing_date >= i.month
                   AND r.billing_date < (i.month + interval '1 month')::date
               GROUP BY 1, 2, 3) u USING (model, image_size, kind)
    WHERE (l.records, l.quantity, l.images, l.exact) IS DISTINCT FROM (u.records, u.quantity, u.images, u.amount)) d ON true
WHERE i.status IN ('finalised', 'paid') AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND (i.month >= %(first)s::date OR %(since)s::timestamptz > '-infinity') AND i.month < %(end)s::date AND i.finalised_at >= %(since)s::timestamptz
    AND (d.kind IS NOT NULL OR i.due_on <> i.issued_on + (i.customer->>'payment_terms_days')::int OR i.amount_due < i.receivable)
