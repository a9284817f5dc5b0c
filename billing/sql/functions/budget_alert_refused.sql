-- Alerts to 100 % of a budget that has refused a job: in a transaction of its own, for the job's was rolled back.
CREATE OR REPLACE FUNCTION budget_alert_refused(p_tenant uuid, p_budget uuid) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    period bigint;
BEGIN
    SELECT id INTO period FROM billing_budgetperiod
    WHERE tenant_id = p_tenant AND budget_id = p_budget AND coalesce(resets_at, 'infinity') > clock_timestamp()
        AND starts_at <= clock_timestamp() AND hard
    FOR UPDATE;
    PERFORM budget_alert(p_tenant, ARRAY[period], true);
END $$;
