-- A tenant whose time zone changes gets no budget anew: the periods that run end, and those of the new zone begin with
-- what was used in them. A trigger, so that it holds whoever changes the zone.
CREATE FUNCTION budgets_follow_time_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    at timestamptz;
    budget uuid;
BEGIN
    PERFORM budgets_lock(NEW.id, true);
    at := clock_timestamp();
    FOR budget IN SELECT id FROM billing_budget WHERE tenant_id = NEW.id AND period <> 'total' AND deleted_at IS NULL
                  ORDER BY id LOOP
        UPDATE billing_budgetperiod SET resets_at = at WHERE budget_id = budget AND resets_at > at;
        PERFORM budget_period_open(NEW.id, budget, at, true);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER budgets_follow_time_zone AFTER UPDATE OF billing_timezone ON accounts_tenant
    FOR EACH ROW WHEN (OLD.billing_timezone <> NEW.billing_timezone) EXECUTE FUNCTION budgets_follow_time_zone();
