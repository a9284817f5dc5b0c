-- The moment at which a month (its first day) is over in a time zone: midnight there, whatever the clocks did before.
CREATE OR REPLACE FUNCTION month_bounds(p_month date, p_zone text) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$ SELECT (p_month + interval '1 month') AT TIME ZONE p_zone $$;
