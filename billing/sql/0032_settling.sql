-- What may still be said of an issued invoice: that it was paid, once payments and credit notes cover it; that it is not,
-- once a payment was taken back; or that it is void, while no payment stands against it and nothing was credited.
CREATE OR REPLACE FUNCTION invoice_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    free CONSTANT text[] := ARRAY['status', 'paid_at', 'voided_at', 'void_reason'];
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    ELSIF TG_OP = 'UPDATE' AND to_jsonb(NEW) - free = to_jsonb(OLD) - free THEN
        IF (OLD.status, NEW.status) = ('finalised', 'paid') AND invoice_settled(OLD.id) >= OLD.amount_due THEN
            RETURN NEW;
        ELSIF (OLD.status, NEW.status) = ('paid', 'finalised') AND NEW.paid_at IS NULL
            AND NEW.void_reason = OLD.void_reason AND invoice_settled(OLD.id) < OLD.amount_due THEN
            RETURN NEW;
        ELSIF OLD.status IN ('finalised', 'paid') AND NEW.status = 'void'
            AND NOT EXISTS (SELECT 1 FROM billing_payment p WHERE p.invoice_id = OLD.id AND p.reverses_id IS NULL
                                AND NOT EXISTS (SELECT 1 FROM billing_payment r WHERE r.reverses_id = p.id))
            AND NOT EXISTS (SELECT 1 FROM billing_creditnote WHERE invoice_id = OLD.id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Invoice % is issued and cannot be changed.', OLD.number USING ERRCODE = 'CV005';
END $$;
