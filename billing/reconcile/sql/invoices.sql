-- The usage lines of an issued invoice sum to the roll-ups of its month, to the last digit; its sums are those of its lines, each
-- rounded once to the currency's coins (quantity × unit price, where it has one), and a line of rounding brings them to zero; what it says of its month is said after the month was closed.
SELECT i.tenant_id, coalesce(i.number, i.id::text) AS subject, i.exact, l.exact AS lines_exact, l.usage AS lines_usage,
       u.amount AS rolled_up, i.net, l.net AS lines_net, l.misrounded, p.closed_at
FROM billing_invoice i
CROSS JOIN LATERAL (
    SELECT coalesce(sum(n.exact), 0) AS exact, coalesce(sum(n.amount), 0) AS net,
           coalesce(sum(n.exact) FILTER (WHERE n.type = 'usage'), 0) AS usage,
           count(*) FILTER (WHERE CASE n.type WHEN 'rounding' THEN n.exact <> 0 OR i.net <> 0
                                          ELSE n.amount <> line_amount(n.unit, n.quantity, n.unit_price, n.exact, i.digits)
                                          END) AS misrounded
    FROM billing_invoiceline n WHERE n.invoice_id = i.id) l
CROSS JOIN LATERAL (
    SELECT coalesce(sum(r.amount), 0) AS amount FROM billing_usagerollup r
    WHERE r.tenant_id = i.tenant_id AND r.livemode AND r.billing_date >= i.month
        AND r.billing_date < (i.month + interval '1 month')::date) u
LEFT JOIN billing_billingperiod p ON p.tenant_id = i.tenant_id AND p.month = i.month
WHERE i.status IN ('finalised', 'paid') AND (%(tenant)s::uuid IS NULL OR i.tenant_id = %(tenant)s)
    AND (i.month >= %(first)s::date OR %(since)s::timestamptz > '-infinity') AND i.month < %(end)s::date AND i.finalised_at >= %(since)s::timestamptz
    AND (i.exact <> l.exact OR l.usage <> u.amount OR i.net <> l.net OR l.misrounded > 0
         OR i.tax <> round(i.net * coalesce(i.tax_rate, 0) / 100, i.digits) OR p.closed_at IS NULL)
