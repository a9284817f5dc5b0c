-- The transaction that last changed who may do what. Web processes ask `access_changes` for what was committed since
-- their last look, so that a change is in force everywhere within a second, whoever makes it and however (decision
-- 0006). Nullable and without a rewrite: rows from before have never changed as far as anybody has looked.
ALTER TABLE accounts_tenant ADD COLUMN changed_xid xid8;
ALTER TABLE accounts_tenant ALTER COLUMN changed_xid SET DEFAULT pg_current_xact_id();
ALTER TABLE accounts_apikey ADD COLUMN changed_xid xid8;
ALTER TABLE accounts_apikey ALTER COLUMN changed_xid SET DEFAULT pg_current_xact_id();
CREATE INDEX accounts_tenant_changed ON accounts_tenant (changed_xid);
CREATE INDEX accounts_apikey_changed ON accounts_apikey (changed_xid);

CREATE FUNCTION accounts_note_change() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN NEW.changed_xid := pg_current_xact_id(); RETURN NEW; END $$;

CREATE TRIGGER tenant_changed BEFORE UPDATE ON accounts_tenant
    FOR EACH ROW EXECUTE FUNCTION accounts_note_change();
-- That a key was used changes nothing about what it may do.
CREATE TRIGGER apikey_changed BEFORE UPDATE ON accounts_apikey
    FOR EACH ROW WHEN (to_jsonb(OLD) - '{last_used_at,last_used_address}'::text[]
                       IS DISTINCT FROM to_jsonb(NEW) - '{last_used_at,last_used_address}'::text[])
    EXECUTE FUNCTION accounts_note_change();
