-- Notes a value: the last of the hour, and the highest.
CREATE OR REPLACE FUNCTION gauge_set(p_name text, p_value numeric) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO generations_platformgauge AS p (name, hour, last, peak)
    VALUES (p_name, date_trunc('hour', now(), 'UTC'), p_value, p_value)
    ON CONFLICT (name, hour) DO UPDATE SET last = excluded.last, peak = greatest(p.peak, excluded.peak)
$$;
REVOKE ALL ON FUNCTION gauge_set(text, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gauge_set(text, numeric) TO cavendish_system;
