-- A key does no more than its member may now: a change of the role is a change of the member's keys, which web processes
-- learn of as of any other (decision 0006).
CREATE FUNCTION accounts_note_role_change() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE accounts_apikey SET changed_xid = pg_current_xact_id()
    WHERE tenant_id = OLD.tenant_id AND member_id = OLD.user_id AND revoked_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER membership_role_changed AFTER UPDATE OF role OR DELETE ON accounts_membership
    FOR EACH ROW EXECUTE FUNCTION accounts_note_role_change();
