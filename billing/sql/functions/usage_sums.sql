-- What a generation adds to the roll-ups: its usage records by unit price and tier, and a row of kind `request` that counts
-- it, whether it was charged or not, and carries the cost that no record has (answers that were thrown away).
-- What a plan includes and what went beyond a hold is worth something else for each generation: it is summed without a price.
-- Without a search_path of its own it becomes a part of the caller's query, for a tenth of the time; charge_settle has one.
CREATE OR REPLACE FUNCTION usage_sums(p_generation uuid, p_billed date, p_tier text)
RETURNS TABLE (kind text, tier text, unit text, unit_price numeric, records int, quantity bigint, billed bigint, images int,
               flagged int, amount numeric, cost numeric)
LANGUAGE sql STABLE
AS $$
    WITH lines AS (
        SELECT r.kind, r.quantity, coalesce(r.pieces, r.quantity) AS billed, r.images, r.amount, r.cost,
               CASE WHEN r.kind IN ('included', 'absorbed') THEN '' ELSE r.unit END AS unit,
               CASE WHEN r.kind IN ('included', 'absorbed') THEN 0 ELSE r.unit_price END AS unit_price
        FROM billing_usagerecord r WHERE r.billing_date = p_billed AND r.generation_id = p_generation
    )
    SELECT l.kind::text, p_tier, l.unit, l.unit_price, 1, l.quantity, l.billed, l.images, 0, l.amount, l.cost FROM lines l
    UNION ALL
    SELECT 'request', p_tier, '', 0, 0, 1, 0, 0, (c.flags <> '[]')::int, 0,
           c.cost - coalesce((SELECT sum(l.cost) FROM lines l), 0)
    FROM billing_charge c WHERE c.generation_id = p_generation
$$;
