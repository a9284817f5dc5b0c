-- The next number of a legal entity's series ('invoices' or 'credit_notes'). It locks the entity's row until the end of
-- the transaction: call it last. A transaction that rolls back gives its number back, so none is ever missing.
CREATE OR REPLACE FUNCTION number_assign(p_entity uuid, p_series text, p_on date, OUT series_number bigint, OUT number text)
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    entity billing_legalentity;
    prefix text;
BEGIN
    UPDATE billing_legalentity
    SET invoices_issued = invoices_issued + (p_series = 'invoices')::int,
        credit_notes_issued = credit_notes_issued + (p_series = 'credit_notes')::int
    WHERE id = p_entity RETURNING * INTO STRICT entity;
    series_number := CASE p_series WHEN 'invoices' THEN entity.invoices_issued ELSE entity.credit_notes_issued END;
    prefix := CASE p_series WHEN 'invoices' THEN entity.invoice_prefix ELSE entity.credit_note_prefix END;
    number := replace(replace(prefix, '{year}', to_char(p_on, 'YYYY')), '{month}', to_char(p_on, 'MM'))
        || lpad(series_number::text, greatest(entity.number_digits, length(series_number::text)), '0');
END $$;
