-- After a try: sent (p_error empty), to be tried again, or given up after a day. The text goes with the end: it may hold
-- an invitation's secret.
CREATE OR REPLACE FUNCTION mail_finish(p_id uuid, p_error text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE mail_mail m
    SET status = e.status, error = left(p_error, 200),
        ended_at = CASE WHEN e.status = 'queued' THEN NULL ELSE now() END,
        "text" = CASE WHEN e.status = 'queued' THEN "text" ELSE '' END,
        html = CASE WHEN e.status = 'queued' THEN html ELSE '' END
    FROM (SELECT CASE WHEN p_error = '' THEN 'sent'
                      WHEN created_at < now() - interval '1 day' THEN 'failed' ELSE 'queued' END AS status
          FROM mail_mail WHERE id = p_id) e
    WHERE m.id = p_id AND m.status = 'queued'
$$;
REVOKE ALL ON FUNCTION mail_finish(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mail_finish(uuid, text) TO cavendish_system;
