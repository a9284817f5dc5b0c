-- Holds pictures that the tenant's plan includes in this month of its time zone: of p_images as many as are left of
-- p_included. Answers how many, which is 0 when the month's are all used or held. Locks the month's row: before budgets
-- and wallet, everywhere.
CREATE OR REPLACE FUNCTION allowance_take(p_tenant uuid, p_generation uuid, p_images int, p_included int) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    month record;
    allowance billing_allowance;
    covered int;
BEGIN
    SELECT b.starts_at, b.resets_at INTO month
    FROM accounts_tenant t, budget_period_bounds('month', now(), t.billing_timezone, clock_timestamp()) b
    WHERE t.id = p_tenant;
    SELECT * INTO allowance FROM billing_allowance
    WHERE tenant_id = p_tenant AND starts_at = month.starts_at FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO billing_allowance (tenant_id, starts_at, ends_at, included, used, held)
        VALUES (p_tenant, month.starts_at, month.resets_at, p_included, 0, 0)
        ON CONFLICT (tenant_id, starts_at) DO NOTHING;
        SELECT * INTO STRICT allowance FROM billing_allowance
        WHERE tenant_id = p_tenant AND starts_at = month.starts_at FOR UPDATE;
    END IF;
    covered := least(p_images, allowance.included - allowance.used - allowance.held);
    IF covered > 0 THEN
        UPDATE billing_allowance SET held = held + covered WHERE id = allowance.id;
        INSERT INTO billing_allowanceuse (generation_id, tenant_id, allowance_id, held)
        VALUES (p_generation, p_tenant, allowance.id, covered);
    END IF;
    RETURN covered;
END $$;
