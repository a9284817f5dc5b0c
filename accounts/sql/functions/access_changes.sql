-- Returns which of these keys and tenants changed since an earlier poll: committed by now and not visible to that poll's
-- snapshot, so nothing is missed that commits late and nothing waits for older transactions that are still open. Returns
-- this poll's snapshot for the next one; without an earlier one nothing else. It only reports ids that the caller knows.
-- Transaction ids of another cluster, as a restored dump may hold, lie above the snapshot and are passed over.
CREATE OR REPLACE FUNCTION access_changes(p_since pg_snapshot, p_ids uuid[], OUT snapshot pg_snapshot, OUT changed uuid[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT pg_current_snapshot(), ARRAY(
        SELECT k.id FROM accounts_apikey k
        WHERE k.changed_xid >= pg_snapshot_xmin(p_since) AND k.changed_xid < pg_snapshot_xmax(pg_current_snapshot())
            AND NOT pg_visible_in_snapshot(k.changed_xid, p_since) AND k.id = ANY (p_ids)
        UNION ALL
        SELECT t.id FROM accounts_tenant t
        WHERE t.changed_xid >= pg_snapshot_xmin(p_since) AND t.changed_xid < pg_snapshot_xmax(pg_current_snapshot())
            AND NOT pg_visible_in_snapshot(t.changed_xid, p_since) AND t.id = ANY (p_ids))
$$;
REVOKE ALL ON FUNCTION access_changes(pg_snapshot, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_changes(pg_snapshot, uuid[]) TO cavendish_app;
