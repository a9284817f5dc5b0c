-- Adds to what is counted of something in this hour.
CREATE OR REPLACE FUNCTION gauge_add(p_name text, p_count numeric) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO generations_platformgauge AS p (name, hour, last, peak)
    VALUES (p_name, date_trunc('hour', now(), 'UTC'), p_count, p_count)
    ON CONFLICT (name, hour) DO UPDATE SET last = p.last + excluded.last, peak = p.last + excluded.last
$$;
REVOKE ALL ON FUNCTION gauge_add(text, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gauge_add(text, numeric) TO cavendish_system;
