-- Returns what tells one reading of a tenant's guard rules from another, '' without rules (generations.guard.rules).
CREATE OR REPLACE FUNCTION guard_state(p_tenant uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    revisions text;
BEGIN
    SELECT string_agg(r.revision::text, ',' ORDER BY r.id) INTO revisions
    FROM (SELECT id, revision FROM generations_guardrule WHERE tenant_id = p_tenant AND enabled
          UNION ALL
          SELECT id, revision FROM generations_platformguardrule WHERE enabled) r;
    RETURN coalesce(encode(sha256(convert_to(revisions, 'UTF8')), 'hex'), '');
END $$;
