-- What a generation adds to the roll-ups: its usage records, and a row of kind `request` that counts it, whether it was
-- charged or not, and carries the cost that no record has (answers that were thrown away).
-- Without a search_path of its own it becomes a part of the caller's query, for a tenth of the time; charge_settle has one.
CREATE OR REPLACE FUNCTION usage_sums(p_generation uuid, p_billed date)
RETURNS TABLE (kind text, records int, quantity bigint, images int, flagged int, amount numeric, cost numeric)
LANGUAGE sql STABLE
AS $$
    WITH lines AS (
        SELECT r.kind, r.quantity, r.images, r.amount, r.cost FROM billing_usagerecord r
        WHERE r.billing_date = p_billed AND r.generation_id = p_generation
    )
    SELECT l.kind::text, 1, l.quantity, l.images, 0, l.amount, l.cost FROM lines l
    UNION ALL
    SELECT 'request', 0, 1, 0, (c.flags <> '[]')::int, 0, c.cost - coalesce((SELECT sum(l.cost) FROM lines l), 0)
    FROM billing_charge c WHERE c.generation_id = p_generation
$$;
