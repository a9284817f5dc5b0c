-- Ends a request that has an idempotency key: done, with the answer that nothing else keeps; or, where it made nothing and
-- another try may do better, forgotten. A key that is done already, as the transaction that made something left it, stays.
CREATE OR REPLACE FUNCTION idempotency_end(p_id uuid, p_tenant uuid, p_token uuid, p_done boolean, p_answer jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM set_config('app.tenant_id', coalesce(p_tenant::text, ''), true), set_config('synchronous_commit', 'off', true);
    IF p_done THEN
        UPDATE accounts_idempotencykey SET state = 'done', answer = p_answer
        WHERE id = p_id AND token = p_token AND state = 'in_progress';
    ELSE
        DELETE FROM accounts_idempotencykey WHERE id = p_id AND token = p_token AND state = 'in_progress';
    END IF;
END $$;
