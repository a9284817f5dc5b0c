-- What a budget allows at a moment: its limit, or the raised one while that lasts.
CREATE OR REPLACE FUNCTION budget_limit(p_limit numeric, p_raise_to numeric, p_raise_until timestamptz, p_at timestamptz)
RETURNS numeric LANGUAGE sql IMMUTABLE
AS $$ SELECT CASE WHEN p_raise_until > p_at THEN p_raise_to ELSE p_limit END $$;
