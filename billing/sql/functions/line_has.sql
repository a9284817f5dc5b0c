-- Whether a usage line of an invoice sums up a usage record of its month. A line without tier, unit or price is of a time
-- before lines had them, or sums records of all prices.
CREATE OR REPLACE FUNCTION line_has(p_line billing_invoiceline, p_record billing_usagerecord) RETURNS boolean
LANGUAGE sql IMMUTABLE
AS $$
    SELECT p_line.type = 'usage' AND p_record.model = p_line.model AND p_record.image_size = p_line.image_size
        AND p_record.kind = p_line.kind AND p_line.tier IN ('', p_record.tier) AND p_line.unit IN ('', p_record.unit)
        AND coalesce(p_line.unit_price, p_record.unit_price) = p_record.unit_price
$$;
