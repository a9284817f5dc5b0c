-- The bounds of the period of a budget that contains now, in the tenant's time zone (weeks begin on Monday, ISO 8601).
CREATE OR REPLACE FUNCTION budget_period_bounds(p_period text, p_created timestamptz, p_zone text,
    OUT starts_at timestamptz, OUT resets_at timestamptz)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT CASE p_period WHEN 'total' THEN p_created ELSE date_trunc(p_period, now(), p_zone) END,
           CASE p_period WHEN 'total' THEN NULL
               ELSE (date_trunc(p_period, now() AT TIME ZONE p_zone) + ('1 ' || p_period)::interval) AT TIME ZONE p_zone
           END
$$;
