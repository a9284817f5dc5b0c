-- The audit is append only, for every role. One change is let through, for the erasure of a tenant: that names, addresses
-- and values go. Who (by id), what, to which object and when can never be changed.
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.actor_label = '' AND NEW.address IS NULL AND NEW.before = '{}' AND NEW.after = '{}'
        AND to_jsonb(NEW) - '{actor_label,address,before,after}'::text[]
            = to_jsonb(OLD) - '{actor_label,address,before,after}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The audit is append only.' USING ERRCODE = 'CV005';
END $$;
