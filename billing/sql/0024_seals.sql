-- What is written once keeps a seal of what it said: a digest that nothing but its own columns can give. Triggers refuse
-- changes; where one came past them, reconcile finds that the row is not what was written (`seals`, `holds`). NULL: the row
-- is older than seals. A column that comes later is not in the seal of the rows before it: leave these lists as they are.
CREATE FUNCTION hold_seal(h billing_hold) RETURNS uuid LANGUAGE sql STABLE
AS $$ SELECT md5(concat_ws('|', h.generation_id, h.amount, h.currency, h.images, h.tokens))::uuid $$;

CREATE FUNCTION price_seal(p billing_price) RETURNS uuid LANGUAGE sql STABLE
AS $$
    SELECT md5(concat_ws('|', coalesce(p.plan_id::text, ''), p.model, p.kind, p.tier, p.unit, p.image_size, p.unit_price,
                         p.currency, extract(epoch FROM p.effective_from)))::uuid
$$;

CREATE FUNCTION invoice_seal(i billing_invoice) RETURNS uuid LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT md5(concat_ws('|', i.tenant_id, i.month - date '2000-01-01', i.legal_entity_id, i.series_number, i.number, i.currency,
                         i.exact, i.net, coalesce(i.tax_rate::text, ''), i.tax, i.total, i.paid_from_balance, i.amount_due,
                         i.receivable, i.issued_on - date '2000-01-01', i.due_on - date '2000-01-01', i.issuer, i.customer,
                         (SELECT md5(string_agg(concat_ws('|', n.number, n.type, n.model, n.image_size, n.kind, n.description,
                                                          n.tier, n.unit, coalesce(n.unit_price::text, ''), n.records, n.quantity,
                                                          n.images, n.exact, n.amount),
                                                '|' ORDER BY n.number))
                          FROM billing_invoiceline n WHERE n.invoice_id = i.id)))::uuid
$$;

CREATE FUNCTION credit_note_seal(c billing_creditnote) RETURNS uuid LANGUAGE sql STABLE
AS $$
    SELECT md5(concat_ws('|', c.tenant_id, c.invoice_id, c.legal_entity_id, c.series_number, c.number, c.reason, c.net, c.tax,
                         c.total, c.to_due, c.to_balance, c.issued_on - date '2000-01-01', c.issuer, c.customer))::uuid
$$;

CREATE FUNCTION hold_set_seal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$ BEGIN NEW.seal := hold_seal(NEW); RETURN NEW; END $$;
CREATE TRIGGER hold_seals BEFORE INSERT ON billing_hold FOR EACH ROW EXECUTE FUNCTION hold_set_seal();

CREATE FUNCTION price_set_seal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$ BEGIN NEW.seal := price_seal(NEW); RETURN NEW; END $$;
CREATE TRIGGER price_seals BEFORE INSERT ON billing_price FOR EACH ROW EXECUTE FUNCTION price_set_seal();
UPDATE billing_price p SET seal = price_seal(p);

CREATE FUNCTION credit_note_set_seal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$ BEGIN NEW.seal := credit_note_seal(NEW); RETURN NEW; END $$;
CREATE TRIGGER credit_note_seals BEFORE INSERT ON billing_creditnote
    FOR EACH ROW EXECUTE FUNCTION credit_note_set_seal();

-- Its lines were written before, and can be changed no more from here on.
CREATE FUNCTION invoice_set_seal() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$ BEGIN NEW.seal := invoice_seal(NEW); RETURN NEW; END $$;
CREATE TRIGGER invoice_seals BEFORE UPDATE ON billing_invoice
    FOR EACH ROW WHEN (OLD.status = 'draft' AND NEW.status = 'finalised') EXECUTE FUNCTION invoice_set_seal();
