-- Notes that something is left to pay again, after a payment was taken back; the trigger checks it.
CREATE OR REPLACE FUNCTION invoice_reopen(p_invoice uuid) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE billing_invoice SET status = 'finalised', paid_at = NULL
    WHERE id = p_invoice AND status = 'paid' AND invoice_settled(id) < amount_due;
END $$;
