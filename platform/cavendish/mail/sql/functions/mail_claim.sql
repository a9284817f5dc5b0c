-- What a worker sends, or NULL when it is not due or another has it. The next try is fixed first: after 2 minutes, doubled
-- each time, at most 4 hours.
CREATE OR REPLACE FUNCTION mail_claim(p_id uuid) RETURNS jsonb
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE mail_mail
    SET attempts = attempts + 1,
        due_at = now() + least(interval '2 minutes' * 2 ^ least(attempts, 12), interval '4 hours')
    WHERE id = p_id AND status = 'queued' AND due_at <= now()
    RETURNING jsonb_build_object('to', "to", 'subject', subject, 'text', "text", 'html', html, 'attachments', attachments)
$$;
REVOKE ALL ON FUNCTION mail_claim(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mail_claim(uuid) TO cavendish_system;
