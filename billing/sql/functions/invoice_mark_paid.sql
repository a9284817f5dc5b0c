-- Notes that nothing is due any more; the trigger checks it. p_reason: 'balance', 'payment' or 'credit_note'.
CREATE OR REPLACE FUNCTION invoice_mark_paid(p_invoice uuid, p_reason text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    paid billing_invoice;
BEGIN
    UPDATE billing_invoice SET status = 'paid', paid_at = now()
    WHERE id = p_invoice AND status = 'finalised' RETURNING * INTO STRICT paid;
    PERFORM event_add(paid.tenant_id, paid.id, 'invoice.paid', jsonb_build_object('old', 'finalised', 'new', 'paid',
        'number', paid.number, 'reason', p_reason));
END $$;
