-- Closes the month of a draft and gives the invoice its number, in one transaction (the caller's).
--
-- Settling jobs hold a share lock on the period; the exclusive one here waits for them, and whoever comes later finds the
-- month closed. Locks invoice, period, wallet and, last, the legal entity (decision 0016).
-- Returns {"code": "finalised", ...}, or why not: not_found, not_draft, period_open, waiting, no_legal_entity, empty.
CREATE OR REPLACE FUNCTION invoice_finalise(p_invoice uuid, p_now timestamptz, p_grace interval, p_empty boolean,
    p_actor text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    inv billing_invoice;
    ends timestamptz;
    dues record;
    assigned record;
    fees numeric;
BEGIN
    SELECT * INTO inv FROM billing_invoice WHERE id = p_invoice FOR UPDATE;
    IF NOT FOUND THEN
        RETURN jsonb_build_object('code', 'not_found');
    ELSIF inv.status <> 'draft' THEN
        RETURN jsonb_build_object('code', 'not_draft', 'status', inv.status, 'number', inv.number);
    END IF;
    ends := month_bounds(inv.month, inv.timezone);
    IF p_now < ends THEN
        RETURN jsonb_build_object('code', 'period_open', 'ends_at', ends);
    ELSIF p_now < ends + p_grace THEN
        RETURN jsonb_build_object('code', 'waiting', 'until', ends + p_grace);
    ELSIF (SELECT legal_entity_id FROM invoice_parties(inv.tenant_id)) IS NULL THEN
        RETURN jsonb_build_object('code', 'no_legal_entity');
    END IF;

    INSERT INTO billing_billingperiod (id, tenant_id, month) VALUES (id_new(), inv.tenant_id, inv.month)
    ON CONFLICT (tenant_id, month) DO NOTHING;
    PERFORM 1 FROM billing_billingperiod WHERE tenant_id = inv.tenant_id AND month = inv.month FOR UPDATE;
    UPDATE billing_billingperiod SET closed_at = now()
    WHERE tenant_id = inv.tenant_id AND month = inv.month AND closed_at IS NULL;
    PERFORM 1 FROM billing_wallet WHERE tenant_id = inv.tenant_id AND livemode FOR UPDATE;

    PERFORM invoice_fill(ARRAY[p_invoice]);
    SELECT * INTO inv FROM billing_invoice WHERE id = p_invoice;
    IF NOT p_empty AND NOT EXISTS (SELECT 1 FROM billing_invoiceline WHERE invoice_id = p_invoice) THEN
        DELETE FROM billing_invoice WHERE id = p_invoice;
        RETURN jsonb_build_object('code', 'empty');
    END IF;
    -- what the plan costs has left no wallet yet: it is booked as revenue with the tax
    SELECT coalesce(sum(exact), 0) INTO fees FROM billing_invoiceline
    WHERE invoice_id = p_invoice AND type IN ('base_fee', 'discount', 'commitment');
    SELECT * INTO dues
    FROM invoice_dues(inv.tenant_id, inv.month, inv.id, inv.exact - fees, inv.net, inv.tax, inv.digits, fees);
    PERFORM invoice_book(inv.tenant_id, inv.id, 'invoice', '', p_actor, inv.currency, jsonb_build_object(
        'wallet', -dues.drawn, 'receivable', -dues.receivable, 'tax', inv.tax, 'rounding', inv.net - inv.exact - dues.borne,
        'revenue', fees));

    SELECT * INTO assigned FROM number_assign(inv.legal_entity_id, 'invoices', p_now);
    UPDATE billing_invoice
    SET status = 'finalised', series = assigned.series, series_number = assigned.series_number, number = assigned.number,
        issued_on = assigned.issued_on,
        due_on = assigned.issued_on + (inv.customer->>'payment_terms_days')::int, finalised_at = now(), amount_due = dues.due,
        receivable = dues.receivable, rounding_borne = dues.borne, paid_from_balance = inv.total - dues.due
    WHERE id = p_invoice;
    PERFORM wallet_tax_refresh(inv.tenant_id);
    PERFORM event_add(inv.tenant_id, inv.id, 'invoice.finalised', jsonb_build_object('old', 'draft', 'new', 'finalised',
        'number', assigned.number, 'total', inv.total::text, 'amount_due', dues.due::text, 'currency', inv.currency));
    IF dues.due = 0 THEN
        PERFORM invoice_mark_paid(p_invoice, 'balance');
    END IF;
    RETURN jsonb_build_object('code', 'finalised', 'number', assigned.number);
END $$;
