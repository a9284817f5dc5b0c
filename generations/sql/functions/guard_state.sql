-- Returns what tells one reading of a tenant's guard rules from another, '' without rules (generations.guard.rules).
CREATE OR REPLACE FUNCTION guard_state(p_tenant uuid) RETURNS text
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT coalesce(encode(sha256(convert_to(string_agg(r.revision::text, ',' ORDER BY r.id), 'UTF8')), 'hex'), '')
    FROM (SELECT id, revision FROM generations_guardrule WHERE tenant_id = p_tenant AND enabled
          UNION ALL
          SELECT id, revision FROM generations_platformguardrule WHERE enabled) r
$$;
