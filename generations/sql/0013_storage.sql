-- What a tenant stores, counted where rows of stored things come, change and go, at the end of the transaction, so that
-- the row which all of a tenant's jobs share is locked last and briefly. The trigger's arguments name the column of bytes, and
-- the column that is not null once they are gone, where the row stays.
-- It runs as the owner: the app role reads the count and never writes it.
CREATE OR REPLACE FUNCTION storage_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    of_tenant uuid;
    change bigint := 0;
    stored jsonb;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        stored := to_jsonb(NEW);
        of_tenant := NEW.tenant_id;
        IF TG_NARGS = 1 OR stored->>TG_ARGV[1] IS NULL THEN
            change := change + (stored->>TG_ARGV[0])::bigint;
        END IF;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        stored := to_jsonb(OLD);
        of_tenant := OLD.tenant_id;
        IF TG_NARGS = 1 OR stored->>TG_ARGV[1] IS NULL THEN
            change := change - (stored->>TG_ARGV[0])::bigint;
        END IF;
    END IF;
    IF change <> 0 THEN
        INSERT INTO accounts_storageuse AS u (tenant_id, bytes) VALUES (of_tenant, change)
        ON CONFLICT (tenant_id) DO UPDATE SET bytes = u.bytes + change;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION storage_count() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER output_stored AFTER INSERT OR DELETE ON generations_output
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION storage_count('bytes');
CREATE CONSTRAINT TRIGGER file_stored AFTER INSERT OR UPDATE OF bytes, deleted_at OR DELETE ON generations_file
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION storage_count('bytes', 'deleted_at');
CREATE CONSTRAINT TRIGGER upload_stored AFTER INSERT OR UPDATE OF bytes OR DELETE ON generations_upload
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION storage_count('bytes');
CREATE CONSTRAINT TRIGGER batch_stored AFTER INSERT OR DELETE OR UPDATE OF input_bytes ON generations_batch
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION storage_count('input_bytes');
