CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE ON billing_receipt
    FOR EACH ROW EXECUTE FUNCTION books_refuse_change();
CREATE TRIGGER receipt_no_truncate BEFORE TRUNCATE ON billing_receipt
    FOR EACH STATEMENT EXECUTE FUNCTION books_refuse_change();
