-- The tenant's generations that have all these terms, the newest first, below an id and at most so many. It runs as the
-- owner, because row-level security keeps the planner from an index whose operator might leak; so it names the tenant
-- itself, and a term is a number that nobody can make for another tenant (generations.search.terms).
--
-- Inside, the planner must not see the terms: it would take words to be independent and, for two common ones that never
-- meet, read the whole table from its end. In a CTE of its own the rows are always found through the terms' index.
CREATE OR REPLACE FUNCTION generation_search(p_terms bigint[], p_before uuid, p_most int) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH found AS MATERIALIZED (
        SELECT generation_id, tenant_id FROM generations_generationterms WHERE terms @> (SELECT p_terms)
    )
    SELECT generation_id FROM found
    WHERE tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
        AND (p_before IS NULL OR generation_id < p_before)
    ORDER BY generation_id DESC LIMIT p_most
$$;
REVOKE ALL ON FUNCTION generation_search(bigint[], uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_search(bigint[], uuid, int) TO cavendish_app;
