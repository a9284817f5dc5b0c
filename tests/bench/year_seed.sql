-- A month of jobs from %(first)s on, %(jobs)s of them in order of time, for tenants that are there. Each has what a job
-- leaves behind: itself, its content, search terms, three events, a call upstream, a picture. Of `erased` months what
-- retention leaves. Run by a superuser without triggers: what the keys promise is so.
CREATE TEMPORARY TABLE month ON COMMIT DROP AS
SELECT n, ts, (lpad(to_hex((extract(epoch FROM ts) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text || ts::text), 1, 3)
               || '8' || substr(md5(ts::text || n::text), 1, 15))::uuid AS id,
       t.tenant_id, t.key_id
FROM (SELECT n, %(first)s::timestamptz + n * (%(end)s::timestamptz - %(first)s::timestamptz) / %(jobs)s AS ts
      FROM generate_series(0, %(jobs)s - 1) n) j
JOIN (SELECT k.tenant_id, k.id AS key_id, row_number() OVER (ORDER BY k.id) - 1 AS place, count(*) OVER () AS many
      FROM accounts_apikey k WHERE k.livemode) t ON t.place = (j.n * 7919::bigint) %% t.many;
INSERT INTO generations_generation (id, tenant_id, api_key_id, livemode, status, model, tier, priority, metadata, store,
    image_size, aspect_ratio, estimated_bytes, deadline_at, attempts, failures, upstream_id, upstream_key, upstream_host,
    request_id, trace_id, created_at, started_at, finished_at, deleted_at)
SELECT id, tenant_id, key_id, true, 'succeeded', 'gemini-3.1-flash-image', 'standard', 0, '{}', true, '1K', '1:1', 4000000,
    ts + interval '10 minutes', 1, 0, 'up-' || id, 'k', 'h', '', '', ts, ts, ts + interval '9 seconds',
    CASE WHEN %(erased)s THEN ts + interval '60 days' END FROM month;
INSERT INTO generations_generationcontent (generation_id, tenant_id, request, plan, content, thoughts, steps, notices)
SELECT m.id, m.tenant_id, s.request, s.plan, s.content, '[]', s.steps, '[]'
FROM month m CROSS JOIN (
    SELECT CASE WHEN %(erased)s THEN '{}' ELSE jsonb_build_object('model', 'gemini-3.1-flash-image', 'input', text) END AS request,
           CASE WHEN %(erased)s THEN '{}' ELSE jsonb_build_object('steps', jsonb_build_array(jsonb_build_object(
               'type', 'user_input', 'content', jsonb_build_array(jsonb_build_object('type', 'text', 'text', text))))) END AS plan,
           CASE WHEN %(erased)s THEN '[]' ELSE jsonb_build_array(jsonb_build_object('type', 'image', 'output_id', text)) END AS content,
           CASE WHEN %(erased)s THEN '[]' ELSE jsonb_build_array(jsonb_build_object('signature', text)) END AS steps
    FROM (SELECT string_agg(md5(i::text), ' ') AS text FROM generate_series(1, 12) i) w) s;
INSERT INTO generations_generationterms (generation_id, tenant_id, terms)
SELECT id, tenant_id, CASE WHEN %(erased)s THEN '{}' ELSE ARRAY[n %% 1000, n %% 9973, n %% 101, hashtext(n::text)]::bigint[] END
FROM month;
INSERT INTO events_event (tenant_id, subject, type, data, at)
SELECT m.tenant_id, m.id, 'generation.' || e.new, jsonb_build_object('old', e.old, 'new', e.new, 'reason', e.reason), m.ts
FROM month m CROSS JOIN (VALUES (1, NULL, 'queued', 'accepted'), (2, 'queued', 'running', 'claimed'),
                                (3, 'running', 'succeeded', 'answered')) e (place, old, new, reason)
ORDER BY m.n, e.place;
INSERT INTO generations_upstreamcall (generation_id, attempt, number, tenant_id, kind, started_at, ended_at, first_byte_ms,
    host, upstream_key, status, code, message, upstream_id, bytes, pictures, tokens_out)
SELECT id, 1, 1, tenant_id, 'create', ts, ts + interval '9 seconds', 400, 'generativelanguage.googleapis.com', 'k', 200, '', '',
    'up-' || id, 1400000, 1, 1120 FROM month;
INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width, height, bytes, sha256, tokens,
    c2pa, sandbox, storage_key, created_at)
SELECT (left(id::text, 35) || '0')::uuid, tenant_id, id, 'output', 0, 'image/png', 1024, 1024, 1400000, repeat('0', 64), 1120,
    true, false, 'tenants/x/outputs/' || id, ts FROM month WHERE NOT %(erased)s;
