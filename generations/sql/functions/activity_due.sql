-- The hours to count anew, oldest first: the current one and the one before, from which a job that ended may have been
-- missing; after a gap all since the last that is counted, and where nothing is counted yet those of five weeks.
CREATE OR REPLACE FUNCTION activity_due() RETURNS SETOF timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT generate_series(
        least(coalesce((SELECT max(t.hour) FROM generations_activitytotal t WHERE t.hour <= now()),
                       date_trunc('hour', now(), 'UTC') - interval '35 days'),
              date_trunc('hour', now(), 'UTC') - interval '1 hour'),
        date_trunc('hour', now(), 'UTC'), interval '1 hour')
$$;
REVOKE ALL ON FUNCTION activity_due() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION activity_due() TO cavendish_system;
