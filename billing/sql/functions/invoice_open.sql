-- Makes the rows of the drafts of a month, with nothing in them yet, for every tenant for which it is over, or for one
-- tenant; returns their ids. `invoice_draft` calls it, and says what the parameters are.
CREATE OR REPLACE FUNCTION invoice_open(p_month date, p_now timestamptz, p_digits jsonb, p_empty boolean, p_tenant uuid)
RETURNS uuid[]
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    fresh uuid[];
BEGIN
    WITH drafted AS (
        INSERT INTO billing_invoice (id, tenant_id, month, timezone, status, currency, digits, exact, net, tax_label,
            tax_note, tax, total, paid_from_balance, amount_due, receivable, issuer, customer, void_reason, replaces_id)
        SELECT id_new(), t.id, p_month, t.billing_timezone, 'draft', w.currency,
               coalesce((p_digits->>w.currency)::int, 2), 0, 0, '', '', 0, 0, 0, 0, 0, '{}', '{}', '',
               (SELECT v.id FROM billing_invoice v WHERE v.tenant_id = t.id AND v.month = p_month AND v.status = 'void'
                ORDER BY v.voided_at DESC LIMIT 1)
        FROM accounts_tenant t
        JOIN billing_wallet w ON w.tenant_id = t.id AND w.livemode
        LEFT JOIN billing_billingprofile p ON p.tenant_id = t.id
        WHERE (p_tenant IS NULL OR t.id = p_tenant) AND p_now >= month_bounds(p_month, t.billing_timezone)
            AND coalesce(p.invoiced, true)
            AND NOT EXISTS (SELECT 1 FROM billing_invoice i
                            WHERE i.tenant_id = t.id AND i.month = p_month AND i.status <> 'void')
            AND (p_empty AND t.created_at < month_bounds(p_month, t.billing_timezone)
                 OR EXISTS (SELECT 1 FROM billing_usagerollup u
                            WHERE u.tenant_id = t.id AND u.livemode AND u.billing_date >= p_month
                                AND u.billing_date < (p_month + interval '1 month')::date AND u.kind <> 'request')
                 OR EXISTS (SELECT 1 FROM plan_fees(t.id, p_month, t.billing_timezone, 0, 2))
                 -- a look at the index of corrections first: most tenants have none, and this runs every minute
                 OR (EXISTS (SELECT 1 FROM billing_ledgertransaction x
                             WHERE x.tenant_id = t.id AND x.livemode AND x.kind IN ('adjustment', 'refund')
                                 AND x.at < month_bounds(p_month, t.billing_timezone)
                                 AND NOT EXISTS (SELECT 1 FROM billing_invoiceline l
                                                 JOIN billing_invoice i ON i.id = l.invoice_id
                                                 WHERE l.ledger_transaction_id = x.id
                                                     AND i.status IN ('finalised', 'paid')))
                     AND EXISTS (SELECT 1 FROM invoice_lines(t.id, p_month, t.billing_timezone, 2))))
        ORDER BY t.id
        ON CONFLICT (tenant_id, month) WHERE status <> 'void' DO NOTHING
        RETURNING id, tenant_id, currency
    ), events AS (
        INSERT INTO events_event (tenant_id, subject, type, data)
        SELECT tenant_id, id, 'invoice.drafted', jsonb_build_object('old', NULL, 'new', 'draft', 'month', p_month)
        FROM drafted
    )
    SELECT coalesce(array_agg(id), '{}') INTO fresh FROM drafted;
    RETURN fresh;
END $$;
