-- Notes what a request with an idempotency key makes, in the transaction that makes it: both are there or neither. FALSE
-- where another request has taken the key over; then the caller rolls back.
CREATE OR REPLACE FUNCTION idempotency_made(p_id uuid, p_token uuid, p_made text[], p_done boolean) RETURNS boolean
LANGUAGE sql SET search_path = public, pg_temp
AS $$
    WITH noted AS (
        UPDATE accounts_idempotencykey SET made = p_made, state = CASE WHEN p_done THEN 'done' ELSE state END
        WHERE id = p_id AND token = p_token
        RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM noted)
$$;
