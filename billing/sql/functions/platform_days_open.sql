-- Which billing dates usage_platform_refresh sums next: from `since` on, and `late`. All others are summed for good, and
-- reconcile compares them to the digit, also when no scheduler was there for days. While nothing is summed yet, all dates.
CREATE OR REPLACE FUNCTION platform_days_open(OUT since date, OUT late date[])
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    today date := (now() AT TIME ZONE 'UTC')::date;
BEGIN
    -- The last days of months, which jobs of an open month may reach up to 31 days later; the older one is the second.
    -- Where the month is over east of UTC already, or not west of it, today and yesterday cover its end.
    late := ARRAY[(date_trunc('month', today) - interval '1 day')::date,
                  (date_trunc('month', today) - interval '1 month 1 day')::date];
    SELECT max(d.billing_date) - 1 INTO since FROM billing_platformday d WHERE d.billing_date <= today;
    since := coalesce(since, '-infinity');
END $$;
