-- Queued mails whose time has come, for the scheduler.
CREATE OR REPLACE FUNCTION mails_due(p_limit int) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    -- five seconds: the actor that was called at the commit comes first
    SELECT id FROM mail_mail WHERE status = 'queued' AND due_at < now() - interval '5 seconds' ORDER BY due_at LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION mails_due(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mails_due(int) TO cavendish_system;
