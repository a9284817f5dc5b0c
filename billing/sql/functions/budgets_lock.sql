-- The lock between jobs and changes of a tenant's budgets: jobs that are held or end share it (p_alone false),
-- who makes or changes a budget has it alone. Without it a job could be held by a list of budgets that was read before
-- one was made, or end by one, and be missing from what the new one counted. Until the end of the transaction; before
-- any row of holds or budgets is touched, so that nobody who waits here holds what the other wants. Who wants to be alone
-- gives up after five seconds, for meanwhile jobs queue up behind.
CREATE OR REPLACE FUNCTION budgets_lock(p_tenant uuid, p_alone boolean) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    timeout text;
BEGIN
    IF p_alone THEN
        timeout := current_setting('lock_timeout');
        PERFORM set_config('lock_timeout', '5s', true);
        PERFORM pg_advisory_xact_lock(hashtextextended(p_tenant::text, 20));
        PERFORM set_config('lock_timeout', timeout, true);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_tenant::text, 20));
    END IF;
END $$;
