-- Notes the calls that a worker made upstream for a job. Their times are by the worker's clock, and so is sent_at: they are
-- kept by PostgreSQL's, as those of events. A result that is delivered again brings what is there already.
CREATE OR REPLACE FUNCTION upstream_calls_add(p_tenant uuid, p_calls jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    the_id uuid := (p_calls->>'generation_id')::uuid;
    the_attempt int := (p_calls->>'attempt')::int;
    sent_at float8 := (p_calls->>'sent_at')::float8;
BEGIN
    INSERT INTO generations_upstreamcall (generation_id, attempt, number, tenant_id, kind, started_at, ended_at,
        first_byte_ms, host, upstream_key, status, code, message, upstream_id, bytes, pictures, tokens_out,
        cooling_seconds)
    SELECT the_id, the_attempt, c.number, p_tenant, c.kind, now() - make_interval(secs => sent_at - c.started_at),
        now() - make_interval(secs => sent_at - c.ended_at), c.first_byte_ms, c.host, c.upstream_key, c.status, c.code,
        c.message, c.upstream_id, c.bytes, c.pictures, c.tokens_out, c.cooling_seconds
    FROM jsonb_to_recordset(p_calls->'tries') AS c(number int, kind text, started_at float8, ended_at float8,
        first_byte_ms int, host text, upstream_key text, status int, code text, message text, upstream_id text,
        bytes bigint, pictures int, tokens_out int, cooling_seconds float8)
    ON CONFLICT DO NOTHING;
END $$;
