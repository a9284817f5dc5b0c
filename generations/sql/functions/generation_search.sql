-- The tenant's generations that have all these terms, the newest first, below an id and at most so many. It runs as the
-- owner, because row-level security keeps the planner from an index whose operator might leak; so it names the tenant
-- itself, and a term is a number that nobody can make for another tenant (generations.search.terms).
--
-- The planner must not see the terms: it would take words to be independent and, for two common ones that never meet,
-- read the whole table from its end. Behind OFFSET 0 the rows are always found through the terms' index. A setting is
-- read once, in a query of its own, and not for each row.
CREATE OR REPLACE FUNCTION generation_search(p_terms bigint[], p_before uuid, p_most int) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT generation_id FROM (
        SELECT generation_id, tenant_id FROM generations_generationterms WHERE terms @> (SELECT p_terms) OFFSET 0) found
    WHERE tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)
        AND (p_before IS NULL OR generation_id < p_before)
    ORDER BY generation_id DESC LIMIT p_most
$$;
REVOKE ALL ON FUNCTION generation_search(bigint[], uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_search(bigint[], uuid, int) TO cavendish_app;
