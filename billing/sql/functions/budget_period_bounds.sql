-- The bounds of a budget's period that contains p_at, in the tenant's time zone (weeks begin on Monday, ISO 8601). Days
-- of 23, 25 or 23.5 hours come out as they are, because only local dates are added to. Where a clock change skips
-- midnight the day begins at the change; where it repeats midnight, at the first of the two.
CREATE OR REPLACE FUNCTION budget_period_bounds(p_period text, p_created timestamptz, p_zone text, p_at timestamptz,
    OUT starts_at timestamptz, OUT resets_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    first timestamp := date_trunc(CASE p_period WHEN 'total' THEN 'day' ELSE p_period END, p_at AT TIME ZONE p_zone);
    next timestamp;
BEGIN
    IF p_period = 'total' THEN
        starts_at := p_created;
        RETURN;
    END IF;
    next := first + ('1 ' || p_period)::interval;
    starts_at := first AT TIME ZONE p_zone;
    resets_at := next AT TIME ZONE p_zone;
    -- PostgreSQL takes the second of two equal local times
    IF (starts_at - interval '1 hour') AT TIME ZONE p_zone = first THEN
        starts_at := starts_at - interval '1 hour';
    END IF;
    IF (resets_at - interval '1 hour') AT TIME ZONE p_zone = next THEN
        resets_at := resets_at - interval '1 hour';
    END IF;
END $$;
