-- The end of the included pictures that a generation held: those that came are used, the rest is free again.
CREATE OR REPLACE FUNCTION allowance_settle(p_tenant uuid, p_generation uuid, p_images int) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    ended billing_allowanceuse;
BEGIN
    UPDATE billing_allowanceuse SET used = least(held, p_images)
    WHERE generation_id = p_generation AND tenant_id = p_tenant AND used IS NULL RETURNING * INTO ended;
    IF FOUND THEN
        UPDATE billing_allowance SET held = held - ended.held, used = used + ended.used WHERE id = ended.allowance_id;
    END IF;
END $$;
