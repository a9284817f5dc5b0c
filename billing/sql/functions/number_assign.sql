-- The next number of a legal entity's documents ('invoices', 'credit_notes', 'receipts') and the date of their issue, in the entity's
-- time zone. A series is the counter of all of them or, where the entity's numbers restart, that of one prefix with its year
-- and month in it. It locks the entity's row until the end of the transaction: call it last. A transaction that rolls back
-- gives its number back, so none is ever missing. Who waited for the lock over midnight is dated as the one before it: dates
-- never go back.
CREATE OR REPLACE FUNCTION number_assign(p_entity uuid, p_document text, p_now timestamptz, OUT series text,
    OUT series_number bigint, OUT number text, OUT issued_on date)
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    entity billing_legalentity;
    template text;
    latest date;
    counter text;
    counted bigint;
BEGIN
    UPDATE billing_legalentity
    SET invoices_issued = invoices_issued + (p_document = 'invoices')::int,
        credit_notes_issued = credit_notes_issued + (p_document = 'credit_notes')::int,
        receipts_issued = receipts_issued + (p_document = 'receipts')::int
    WHERE id = p_entity RETURNING * INTO STRICT entity;
    SELECT max(s.last_on) INTO latest FROM billing_numberseries s
    WHERE s.legal_entity_id = p_entity AND s.document = p_document;
    IF latest IS NULL THEN
        -- nothing was numbered since series are kept
        SELECT max(d.issued_on) INTO latest FROM (
            SELECT i.issued_on FROM billing_invoice i WHERE i.legal_entity_id = p_entity AND p_document = 'invoices'
            UNION ALL
            SELECT n.issued_on FROM billing_creditnote n
            WHERE n.legal_entity_id = p_entity AND p_document = 'credit_notes'
            UNION ALL
            SELECT r.issued_on FROM billing_receipt r
            WHERE r.legal_entity_id = p_entity AND p_document = 'receipts') d;
    END IF;
    issued_on := greatest((p_now AT TIME ZONE entity.timezone)::date, latest);
    template := CASE p_document WHEN 'invoices' THEN entity.invoice_prefix
        WHEN 'receipts' THEN entity.receipt_prefix ELSE entity.credit_note_prefix END;
    number := replace(replace(template, '{year}', to_char(issued_on, 'YYYY')), '{month}', to_char(issued_on, 'MM'));
    counter := CASE WHEN entity.numbers_restart AND number <> template THEN number ELSE '' END;
    counted := CASE WHEN counter <> '' THEN 1 WHEN p_document = 'invoices' THEN entity.invoices_issued
               WHEN p_document = 'receipts' THEN entity.receipts_issued
               ELSE entity.credit_notes_issued END;
    INSERT INTO billing_numberseries AS s (legal_entity_id, document, series, issued, last_on)
    VALUES (p_entity, p_document, counter, counted, issued_on)
    ON CONFLICT ON CONSTRAINT number_series_once DO UPDATE SET issued = s.issued + 1, last_on = excluded.last_on
    RETURNING s.series, s.issued INTO series, series_number;
    number := number || lpad(series_number::text, greatest(entity.number_digits, length(series_number::text)), '0');
END $$;
