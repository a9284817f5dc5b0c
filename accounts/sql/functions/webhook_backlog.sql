-- How many deliveries are due and not taken, counted up to p_limit, and for how many seconds the oldest of those counted.
-- What waits for its next attempt is not due.
CREATE OR REPLACE FUNCTION webhook_backlog(p_limit int, OUT due int, OUT oldest double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT count(*)::int, coalesce(extract(epoch FROM clock_timestamp() - min(d.due_at)), 0)::double precision
    FROM (SELECT due_at FROM accounts_webhookdelivery
          WHERE status = 'pending' AND due_at <= clock_timestamp() LIMIT p_limit) d
$$;
REVOKE ALL ON FUNCTION webhook_backlog(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION webhook_backlog(int) TO cavendish_system;
