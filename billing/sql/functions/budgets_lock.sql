-- One door between jobs and changes of a tenant's budgets: jobs that are held pass it together (p_alone false), who makes
-- or changes a budget passes alone. Without it a job could be held by a list of budgets that was read before one was
-- made, and be missing from what that one counted as it was made. Until the end of the transaction; take it first.
CREATE OR REPLACE FUNCTION budgets_lock(p_tenant uuid, p_alone boolean) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    IF p_alone THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant::text, 20));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_tenant::text, 20));
    END IF;
END $$;
