"""What the operator's pages show beside the books of `bench_seed`, written in bulk as the owner.

Ids are UUIDs of version 7 in order of time, as the product makes them; the rest is as small as a list can show.
"""

from __future__ import annotations

from django.db import connections

UUID7 = """CREATE FUNCTION pg_temp.uuid7_at(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
            || 'a' || substr(md5(random()::text), 1, 15))::uuid $$"""

TENANTS = """(SELECT id, row_number() OVER (ORDER BY slug) AS place, count(*) OVER () AS number
    FROM accounts_tenant WHERE slug LIKE 'bench-%')"""

OUTPUTS = """INSERT INTO generations_output (id, tenant_id, generation_id, part, index, mime_type, width, height, bytes,
        sha256, tokens, c2pa, sandbox, storage_key, created_at)
    SELECT pg_temp.uuid7_at(finished_at), tenant_id, id, CASE WHEN random() < 0.0001 THEN 'thought' ELSE 'output' END,
        0, 'image/png', 1024, 1024, 1400000, repeat('a', 64), 1120, true, NOT livemode, 'bench', finished_at
    FROM (SELECT * FROM generations_generation WHERE status = 'succeeded' ORDER BY id DESC LIMIT %(outputs)s) job
    ORDER BY finished_at"""

CONTENTS = """INSERT INTO generations_generationcontent (generation_id, tenant_id, request, plan, content, thoughts,
        steps, notices)
    SELECT id, tenant_id, '{}', '{}', '[]', '[]', '[]', '[]'
    FROM (SELECT * FROM generations_generation ORDER BY id DESC LIMIT 1000) job"""

AUDIT = f"""INSERT INTO accounts_auditevent (id, tenant_id, actor_kind, actor_id, actor_label, address, action, target,
        target_id, before, after, at)
    SELECT pg_temp.uuid7_at(at), t.id, 'key', md5(mod(n, 5000)::text)::uuid, 'cvd_live_' || mod(n, 5000), '192.0.2.1',
        CASE WHEN n = 17 THEN 'bench.once' WHEN mod(n, 50) = 0 THEN 'api_key.revoked'
             ELSE (ARRAY['api_key.created', 'webhook.updated', 'file.deleted', 'person.signed_in'])[1 + mod(n, 4)] END,
        'api_key', md5(mod(n, 100000)::text), '{{}}', '{{"name": "Bench"}}', at
    FROM (SELECT n, now() - interval '300 days' * (1 - n::float / %(events)s) AS at,
              1 + (power(random(), 3) * ((SELECT count(*) FROM {TENANTS} t) - 1))::int AS place
          FROM generate_series(1, %(events)s) n) event JOIN {TENANTS} t USING (place) ORDER BY n"""

ENDPOINTS = f"""INSERT INTO accounts_webhookendpoint (id, tenant_id, livemode, dialect, url, events, description,
        status, disabled_reason, secret, previous_secret)
    SELECT pg_temp.uuid7_at(now() - interval '1 day'), id, true, 'native', 'https://example.com/' || place, '{{}}',
        '', CASE WHEN mod(place, 40) = 0 THEN 'disabled' ELSE 'enabled' END,
        CASE WHEN mod(place, 40) = 0 THEN 'failing' ELSE '' END, '', ''
    FROM {TENANTS} t WHERE mod(place, 4) = 1"""

DELIVERIES = f"""INSERT INTO accounts_webhookdelivery (id, tenant_id, endpoint_id, message_id, event_type, source_type,
        subject, facts, event_at, body, status, attempts, http_status, error, created_at, finished_at)
    SELECT pg_temp.uuid7_at(at), e.tenant_id, e.id, 'evt_' || n, 'generation.succeeded', 'generation.succeeded',
        pg_temp.uuid7_at(at), '{{}}', at, '{{}}', CASE WHEN mod(n, 20000) = 0 THEN 'failed' ELSE 'succeeded' END, 1,
        200, '', at, at
    FROM (SELECT n, now() - interval '3 days' * (1 - n::float / %(deliveries)s) AS at
          FROM generate_series(1, %(deliveries)s) n) d,
        (SELECT id, tenant_id FROM accounts_webhookendpoint
         WHERE tenant_id = (SELECT id FROM {TENANTS} t WHERE place = 1)) e
    ORDER BY n"""


def rows_write(*, outputs: int, events: int, deliveries: int) -> None:
    """Writes outputs and contents of the newest jobs, audit events, endpoints of tenants, the deliveries of one."""
    silent = ("generations_output", "accounts_auditevent", "accounts_webhookdelivery", "accounts_webhookendpoint")
    with connections["owner"].cursor() as cursor:
        cursor.execute(UUID7)
        for table in silent:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for text in (OUTPUTS, CONTENTS, AUDIT, ENDPOINTS, DELIVERIES):
            cursor.execute(text.replace("%'", "%%'"), {"outputs": outputs, "events": events, "deliveries": deliveries})
        for table in silent:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in (*silent, "generations_generationcontent"):
            cursor.execute(f"VACUUM (ANALYZE) {table}")
