-- The hours to count anew, oldest first: the current one and the one before, from which a job that ended may have been
-- missing; after a gap all since the last that is counted, of five weeks at most.
CREATE OR REPLACE FUNCTION activity_due() RETURNS SETOF timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH this AS (SELECT date_trunc('hour', now(), 'UTC') AS hour)
    SELECT generate_series(
        least(greatest((SELECT max(t.hour) FROM generations_activitytotal t WHERE t.hour <= now()),
                       this.hour - interval '35 days'), this.hour - interval '1 hour'),
        this.hour, interval '1 hour')
    FROM this
$$;
REVOKE ALL ON FUNCTION activity_due() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activity_due() TO cavendish_system;
