-- What an invoice, its payments and its credit notes say is what they booked in the ledger: tax, rounding and receivable of the
-- invoice (nothing is left of a void one), payments that came from outside out of funding, fees of the plan into revenue, credit notes out of it. A paid one has nothing left to pay.
SELECT i.tenant_id, coalesce(i.number, i.id::text) AS subject, i.status, i.tax - n.tax AS tax, e.tax AS booked_tax, n.net AS credited,
       f.amount - e.revenue AS booked_credited, p.outside AS paid, -e.funding AS booked_paid, i.amount_due, n.to_due
FROM billing_invoice i
CROSS JOIN LATERAL (SELECT coalesce(sum(y.amount), 0) AS amount,
                           coalesce(sum(y.amount) FILTER (WHERE y.method <> 'balance'), 0) AS outside
                    FROM billing_payment y WHERE y.invoice_id = i.id) p
CROSS JOIN LATERAL (SELECT coalesce(sum(c.net), 0) AS net, coalesce(sum(c.tax), 0) AS tax, coalesce(sum(c.to_due), 0) AS to_due,
                           coalesce(sum(c.total), 0) AS total
                    FROM billing_creditnote c WHERE c.invoice_id = i.id) n
CROSS JOIN LATERAL (SELECT coalesce(sum(l.exact), 0) AS amount FROM billing_invoiceline l
                    WHERE l.invoice_id = i.id AND l.type IN ('base_fee', 'discount', 'commitment')
                        AND i.status IN ('finalised', 'paid')) f
CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.amount) FILTER (WHERE b.account = 'tax'), 0) AS tax,
           coalesce(sum(b.amount) FILTER (WHERE b.account = 'rounding'), 0) AS rounding,
           coalesce(sum(b.amount) FILTER (WHERE b.account = 'revenue'), 0) AS revenue,
           coalesce(sum(b.amount) FILTER (WHERE b.account = 'funding'), 0) AS funding,
           coalesce(sum(b.amount) FILTER (WHERE b.account = 'receivable'), 0) AS receivable
    FROM billing_ledgertransaction t JOIN billing_ledgerentry b ON b.transaction_id = t.id
    WHERE t.invoice_id = i.id) e
WHERE (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s) AND i.month < %(end)s::date
    AND (CASE WHEN %(since)s::timestamptz > '-infinity'
         THEN i.id IN (SELECT x.invoice_id FROM billing_ledgertransaction x WHERE x.invoice_id IS NOT NULL AND x.at >= %(since)s::timestamptz)
             OR greatest(i.refreshed_at, i.finalised_at, i.paid_at, i.voided_at) >= %(since)s::timestamptz
         ELSE i.month >= %(first)s::date END)
    AND (i.receivable < 0 OR e.funding <> -p.outside OR e.revenue <> f.amount - n.net OR p.amount + n.to_due > i.amount_due
         OR (i.status IN ('finalised', 'paid') AND (
                e.tax <> i.tax - n.tax OR e.rounding <> i.net - i.exact - i.rounding_borne
                OR e.receivable <> least(p.amount + n.to_due, i.receivable) - i.receivable))
         OR (i.status IN ('void', 'draft') AND (e.tax <> 0 OR e.rounding <> 0 OR e.receivable <> 0))
         OR (i.status = 'paid') <> (i.status IN ('finalised', 'paid') AND p.amount + n.to_due >= i.amount_due))
