-- Holds pictures that the tenant's plan includes in this month of its time zone: of p_images as many as are left of
-- p_included. Returns how many, which is 0 when the month's are all used or held. Locks the month's row after the lock of
-- the tenant's budgets, as the end of a job does (hold_settle), and before periods and wallet.
CREATE OR REPLACE FUNCTION allowance_reserve(p_tenant uuid, p_generation uuid, p_images int, p_included int) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    this_month date;
    allowance billing_allowance;
    covered int;
BEGIN
    PERFORM budgets_lock(p_tenant, false);
    SELECT date_trunc('month', clock_timestamp() AT TIME ZONE t.billing_timezone)::date INTO this_month
    FROM accounts_tenant t WHERE t.id = p_tenant;
    SELECT * INTO allowance FROM billing_allowance
    WHERE tenant_id = p_tenant AND month = this_month FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO billing_allowance (tenant_id, month, included, used, held)
        VALUES (p_tenant, this_month, p_included, 0, 0)
        ON CONFLICT (tenant_id, month) DO NOTHING;
        SELECT * INTO STRICT allowance FROM billing_allowance
        WHERE tenant_id = p_tenant AND month = this_month FOR UPDATE;
    END IF;
    covered := least(p_images, allowance.included - allowance.used - allowance.held);
    IF covered > 0 THEN
        UPDATE billing_allowance SET held = held + covered WHERE id = allowance.id;
        INSERT INTO billing_allowanceuse (generation_id, tenant_id, allowance_id, held)
        VALUES (p_generation, p_tenant, allowance.id, covered);
    END IF;
    RETURN covered;
END $$;
