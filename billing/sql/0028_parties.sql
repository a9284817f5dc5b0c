-- A tenant writes where it is and what leads its e-invoices on; tax stays the operator's.
GRANT UPDATE (postal_address, buyer_reference) ON billing_billingprofile TO cavendish_app;

-- The third series of a company: receipts of top-ups.
DROP TRIGGER legal_entity_counts_by_one ON billing_legalentity;
CREATE TRIGGER legal_entity_counts_by_one BEFORE UPDATE ON billing_legalentity
    FOR EACH ROW WHEN (NEW.invoices_issued - OLD.invoices_issued NOT IN (0, 1)
                       OR NEW.credit_notes_issued - OLD.credit_notes_issued NOT IN (0, 1)
                       OR NEW.receipts_issued - OLD.receipts_issued NOT IN (0, 1))
    EXECUTE FUNCTION legal_entity_refuse_jump();
