-- What a line of an invoice comes to, in coins: quantity × unit price of the unit, rounded once (half away from zero);
-- without a unit its exact amount, rounded once.
CREATE OR REPLACE FUNCTION line_amount(p_unit text, p_quantity bigint, p_unit_price numeric, p_exact numeric, p_digits int)
RETURNS numeric LANGUAGE sql IMMUTABLE
AS $$
    SELECT round(CASE p_unit
        WHEN 'per_1m_tokens' THEN p_quantity * p_unit_price / 1000000
        WHEN 'per_1k_queries' THEN p_quantity * p_unit_price / 1000
        WHEN 'per_image' THEN p_quantity * p_unit_price
        ELSE p_exact END, p_digits)
$$;
