-- The lines that a charge shows sum to its amount, each is its quantity times its price, rounded once, and what was absorbed is
-- one of them. What is no number where one belongs differs too.
SELECT c.tenant_id, c.generation_id::text AS subject, c.amount AS charged, l.amount AS shown, l.mispriced, l.unreadable, c.absorbed,
       l.absorbed AS shown_absorbed
FROM billing_charge c
CROSS JOIN LATERAL (
    SELECT coalesce(sum(v.amount), 0) AS amount,
           coalesce(sum(v.amount) FILTER (WHERE v.kind = 'absorbed'), 0) AS absorbed,
           count(*) FILTER (WHERE v.amount <> v.priced) AS mispriced,
           count(*) FILTER (WHERE num_nulls(v.amount, v.quantity, v.price) > 0) AS unreadable
    FROM (
        SELECT n.*, CASE WHEN n.kind = 'included' THEN n.amount ELSE round(n.quantity * n.price * CASE n.unit
                        WHEN 'per_1m_tokens' THEN 0.000001 WHEN 'per_1k_queries' THEN 0.001 ELSE 1 END, 9) END AS priced
        FROM (
            SELECT line->>'kind' AS kind, line->>'unit' AS unit,
                   CASE WHEN line->>'amount' ~ f.number AND length(line->>'amount') < 80 THEN (line->>'amount')::numeric END AS amount,
                   CASE WHEN line->>'quantity' ~ f.number AND length(line->>'quantity') < 80 THEN (line->>'quantity')::numeric END AS quantity,
                   CASE WHEN line->>'unit_price' ~ f.number AND length(line->>'unit_price') < 80 THEN (line->>'unit_price')::numeric END AS price
            FROM jsonb_array_elements(CASE jsonb_typeof(c.lines) WHEN 'array' THEN c.lines ELSE jsonb_build_array(c.lines) END) line,
                -- PostgreSQL 15 has no function that says whether a text is a number. Without counts, which cost eight times as much:
                -- the length is asked for apart.
                (SELECT '^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]{1,2})?$' AS number) f
        ) n) v) l
WHERE (c.amount <> l.amount OR l.mispriced > 0 OR l.unreadable > 0 OR c.absorbed <> -l.absorbed)
    AND (%(tenant)s::uuid IS NULL OR c.tenant_id = %(tenant)s)
    AND c.billing_date >= %(first)s AND c.billing_date < %(end)s
