-- What a tenant may write of its own profile; tax, terms and the issuing company are the operator's.
GRANT INSERT (tenant_id, name, address, tax_id, reference, emails, tax_label, tax_note, payment_terms_days, send_by_email,
              invoiced),
      UPDATE (name, address, tax_id, reference, emails, updated_at)
ON billing_billingprofile TO cavendish_app;

-- An issued invoice stays as it is, whoever writes. What may still be said of it: that it was paid, once payments and
-- credit notes cover it; or that it is void, while nothing was paid or credited.
CREATE FUNCTION invoice_refuse_change() RETURNS trigger
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
        ELSIF OLD.status IN ('finalised', 'paid') AND NEW.status = 'void'
            AND NOT EXISTS (SELECT 1 FROM billing_payment WHERE invoice_id = OLD.id)
            AND NOT EXISTS (SELECT 1 FROM billing_creditnote WHERE invoice_id = OLD.id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Invoice % is issued and cannot be changed.', OLD.number USING ERRCODE = 'CV005';
END $$;

CREATE TRIGGER invoice_immutable BEFORE UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION invoice_refuse_change();

CREATE FUNCTION invoice_line_refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    issued text;
BEGIN
    SELECT number INTO issued FROM billing_invoice
    WHERE id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.invoice_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.invoice_id END)
        AND status <> 'draft';
    IF FOUND THEN
        RAISE EXCEPTION 'Invoice % is issued and its lines cannot be changed.', issued USING ERRCODE = 'CV005';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER invoice_line_immutable BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION invoice_line_refuse_change();

-- Payments, credit notes and documents are added and never changed; nothing of it all can be truncated.
CREATE FUNCTION books_refuse_change() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION '% is append only.', TG_TABLE_NAME USING ERRCODE = 'CV005'; END $$;
CREATE TRIGGER payment_append_only BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER credit_note_append_only BEFORE UPDATE OR DELETE ON billing_creditnote
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER credit_note_line_append_only BEFORE UPDATE OR DELETE ON billing_creditnoteline
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER invoice_document_append_only BEFORE UPDATE OR DELETE ON billing_invoicedocument
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER invoice_no_truncate BEFORE TRUNCATE ON billing_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER invoice_line_no_truncate BEFORE TRUNCATE ON billing_invoiceline
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER payment_no_truncate BEFORE TRUNCATE ON billing_payment
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER credit_note_no_truncate BEFORE TRUNCATE ON billing_creditnote
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER credit_note_line_no_truncate BEFORE TRUNCATE ON billing_creditnoteline
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER invoice_document_no_truncate BEFORE TRUNCATE ON billing_invoicedocument
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();

-- The counters of a legal entity go up by one at a time; with the row's lock that makes their series gapless.
CREATE FUNCTION legal_entity_refuse_jump() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'The numbers of % go up by one at a time.', OLD.name USING ERRCODE = 'CV005'; END $$;
CREATE TRIGGER legal_entity_counts_by_one BEFORE UPDATE ON billing_legalentity
    FOR EACH ROW WHEN (NEW.invoices_issued - OLD.invoices_issued NOT IN (0, 1)
                       OR NEW.credit_notes_issued - OLD.credit_notes_issued NOT IN (0, 1))
    EXECUTE FUNCTION legal_entity_refuse_jump();
