-- Accepts a generation: the hold, then the job, its content and the event row. Returns why not, and then the caller
-- rolls back; or what of the job the caller cannot know: when it was made, its place in the queue, or to which worker it
-- was handed at once, which the caller tells that worker. One function instead of statements: a hot tenant's rows are
-- locked for a third of the time. (A caller of the release before does not send `shown`: it gets NULL for a queued job.)
--
-- `batch` ({id, index}) makes it of an item that waits, and then the item waits no more: so whoever feeds a batch, however
-- often, and wherever it dies, an item becomes one job. `idempotency` ties it to the request's key. Locks are taken in the
-- order idempotency key, API key, item, day of tests, budgets, included pictures, periods, wallet, batch, and the tenant's row,
-- which is not waited for.
CREATE OR REPLACE FUNCTION generation_submit(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    tenant accounts_tenant;
    the_tenant uuid := (p->>'tenant_id')::uuid;
    the_id uuid := (p->>'id')::uuid;
    the_batch uuid := (p->'batch'->>'id')::uuid;
    the_index int := (p->'batch'->>'index')::int;
    waiting int;
    ahead int;
    most int;
    quota bigint;
    used bigint;
    refusal jsonb;
    images int := (p->'hold'->>'images')::int;
    included int := (p->'hold'->>'included_images')::int;
    amount numeric := (p->'hold'->>'amount')::numeric;
    handed jsonb;
    made_at timestamptz;
    ends_at timestamptz;
    begun_at timestamptz;
BEGIN
    SELECT * INTO tenant FROM accounts_tenant WHERE id = the_tenant;
    IF tenant.status <> 'active' THEN
        RETURN jsonb_build_object('code', 'tenant_' || tenant.status, 'reason', tenant.status_reason);
    END IF;
    IF p->>'guard_state' IS DISTINCT FROM guard_state(the_tenant) THEN
        RETURN jsonb_build_object('code', 'guard_changed');
    END IF;
    IF p->>'image_size' <> '' AND jsonb_typeof(tenant.allowed_sizes) = 'array'
        AND NOT tenant.allowed_sizes ? (p->>'image_size') THEN
        RETURN jsonb_build_object('code', 'size_not_allowed', 'size', p->>'image_size', 'allowed', tenant.allowed_sizes);
    END IF;
    -- Read without a lock, so requests at once may go past the quota together. What came with this one is in the count.
    IF p->>'storage_quota' IS NOT NULL THEN
        quota := coalesce(tenant.storage_quota_bytes, (p->>'storage_quota')::bigint);
        IF quota > 0 THEN
            SELECT bytes INTO used FROM accounts_storageuse WHERE tenant_id = the_tenant;
            IF used - (p->>'stored_bytes')::bigint >= quota THEN
                RETURN jsonb_build_object('code', 'storage_quota_exceeded', 'limit', quota, 'used', used);
            END IF;
        END IF;
    END IF;
    IF p->'idempotency'->>'id' IS NOT NULL AND NOT idempotency_made((p->'idempotency'->>'id')::uuid,
        (p->'idempotency'->>'token')::uuid, ARRAY(SELECT jsonb_array_elements_text(p->'idempotency'->'made')),
        (p->'idempotency'->>'done')::boolean) THEN
        RETURN jsonb_build_object('code', 'idempotency_key_lost');
    END IF;
    IF the_batch IS NULL THEN
        SELECT count(*) INTO waiting FROM (
            SELECT 1 FROM generations_generation
            WHERE status = 'queued' AND priority = (p->>'priority')::smallint AND tenant_id = the_tenant
            LIMIT tenant.queue_limit) q;
        ahead := waiting;
        IF (p->>'priority')::smallint = 0 AND waiting >= tenant.queue_limit THEN
            RETURN jsonb_build_object('code', 'queue_full', 'limit', tenant.queue_limit);
        END IF;
        SELECT jobs_in_flight INTO most FROM accounts_apikey
        WHERE id = (p->>'api_key_id')::uuid AND tenant_id = the_tenant;
        IF most IS NOT NULL THEN
            -- Two requests that count at once would both find room; the lock lets one count after the other's commit.
            PERFORM 1 FROM accounts_apikey
            WHERE id = (p->>'api_key_id')::uuid AND tenant_id = the_tenant FOR NO KEY UPDATE;
            SELECT count(*) INTO waiting FROM (
                SELECT 1 FROM generations_generation
                WHERE status = 'queued' AND priority = 0 AND tenant_id = the_tenant
                    AND api_key_id = (p->>'api_key_id')::uuid AND batch_id IS NULL
                UNION ALL
                SELECT 1 FROM generations_generation
                WHERE status = 'running' AND tenant_id = the_tenant
                    AND api_key_id = (p->>'api_key_id')::uuid AND batch_id IS NULL
                LIMIT most) in_flight;
            IF waiting >= most THEN
                RETURN jsonb_build_object('code', 'jobs_in_flight', 'limit', most);
            END IF;
        END IF;
    ELSE
        PERFORM 1 FROM generations_batchitem
        WHERE batch_id = the_batch AND index = the_index AND tenant_id = the_tenant AND status = 'waiting' FOR UPDATE;
        IF NOT FOUND THEN
            RETURN jsonb_build_object('code', 'item_taken');
        END IF;
        -- A batch leaves the jobs that its key may have to whoever waits for an answer; those do not count it.
        SELECT jobs_in_flight INTO most FROM accounts_apikey
        WHERE id = (p->>'api_key_id')::uuid AND tenant_id = the_tenant;
        IF most IS NOT NULL THEN
            PERFORM 1 FROM accounts_apikey
            WHERE id = (p->>'api_key_id')::uuid AND tenant_id = the_tenant FOR NO KEY UPDATE;
            SELECT count(*) INTO waiting FROM (
                SELECT 1 FROM generations_generation
                WHERE status = 'queued' AND tenant_id = the_tenant AND api_key_id = (p->>'api_key_id')::uuid
                UNION ALL
                SELECT 1 FROM generations_generation
                WHERE status = 'running' AND tenant_id = the_tenant AND api_key_id = (p->>'api_key_id')::uuid
                LIMIT most) in_flight;
            IF waiting >= most THEN
                RETURN jsonb_build_object('code', 'jobs_in_flight', 'limit', most);
            END IF;
        END IF;
    END IF;

    IF NOT (p->>'livemode')::boolean THEN
        refusal := sandbox_day_reserve(the_tenant, 1, (p->>'stored_bytes')::bigint);
        IF refusal IS NOT NULL THEN
            RETURN refusal;
        END IF;
    END IF;
    -- A picture that the plan includes takes its share of the worst case off; what is left is rounded up (billing.prices.pricing).
    IF included > 0 AND images > 0 THEN
        included := allowance_reserve(the_tenant, the_id, images, included);
        amount := ceil(amount * (images - included) / images * 1000000000) / 1000000000;
    ELSE
        included := 0;
    END IF;
    refusal := hold_reserve(the_tenant, the_id, (p->>'livemode')::boolean, (p->>'api_key_id')::uuid,
        (p->>'member_id')::uuid, amount, p->'hold'->>'currency', images, (p->'hold'->>'tokens')::int,
        p->'hold'->'prices');
    IF refusal IS NOT NULL THEN
        RETURN refusal;
    END IF;
    IF the_batch IS NULL AND p->>'fresh' IS NOT NULL THEN
        handed := generation_assign(the_tenant, the_id, (p->>'fresh')::float8);
    END IF;

    -- A job that is handed at once is written as running: to queue it first would cost a second version of its row.
    INSERT INTO generations_generation (id, tenant_id, api_key_id, member_id, livemode, status, attempts, worker,
        lease_token, started_at, model, tier, priority,
        previous_id, metadata, store, image_size, aspect_ratio, estimated_bytes, deadline_at, failures,
        upstream_id, upstream_key, upstream_host, batch_id, batch_index, deadline_seconds, cancel_at,
        group_id, request_id, trace_id, run_again_of)
    VALUES (the_id, the_tenant, (p->>'api_key_id')::uuid, (p->>'member_id')::uuid, (p->>'livemode')::boolean,
        CASE WHEN handed IS NULL THEN 'queued' ELSE 'running' END, CASE WHEN handed IS NULL THEN 0 ELSE 1 END,
        (handed->>'worker')::uuid, (handed->>'token')::uuid, CASE WHEN handed IS NOT NULL THEN clock_timestamp() END,
        p->>'model', p->>'tier', (p->>'priority')::smallint, (p->>'previous_id')::uuid, p->'metadata',
        (p->>'store')::boolean, p->>'image_size', p->>'aspect_ratio', (p->>'estimated_bytes')::bigint,
        now() + make_interval(secs => (p->>'deadline')::float8), 0, '', '', '',
        the_batch, the_index, (p->>'deadline_seconds')::float8,
        now() + make_interval(secs => (p->>'cancel_after')::float8), (p->>'group_id')::uuid, p->>'request_id',
        p->>'trace_id', (p->>'run_again_of')::uuid)
    RETURNING created_at, deadline_at, started_at INTO made_at, ends_at, begun_at;
    INSERT INTO generations_generationcontent (generation_id, tenant_id, request, plan, content, thoughts, steps, notices)
    VALUES (the_id, the_tenant, p->'request', p->'job_spec', '[]', '[]', '[]', p->'notices');
    INSERT INTO generations_generationterms (generation_id, tenant_id, terms)
    VALUES (the_id, the_tenant, (p->>'terms')::bigint[]);
    PERFORM event_add(the_tenant, the_id, 'generation.queued', jsonb_build_object('old', NULL, 'new', 'queued', 'reason', 'accepted'));
    IF handed IS NOT NULL THEN
        PERFORM event_add(the_tenant, the_id, 'generation.running', jsonb_build_object('old', 'queued', 'new', 'running',
            'reason', 'assigned', 'attempt', 1, 'worker', handed->>'name'));
        RETURN jsonb_build_object('created_at', made_at, 'deadline_at', ends_at, 'started_at', begun_at,
            'worker', handed->>'worker', 'token', handed->>'token', 'amount', amount::text, 'included', included);
    END IF;
    IF the_batch IS NOT NULL THEN
        UPDATE generations_batchitem SET status = 'in_progress', generation_id = the_id
        WHERE batch_id = the_batch AND index = the_index;
        PERFORM batch_count(the_tenant, the_batch, 'in_progress', 1, 1);
        RETURN NULL;
    END IF;
    IF p->>'shown' IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT count(*) INTO waiting FROM generations_generation
    WHERE status = 'running' AND tenant_id = the_tenant AND priority <= (p->>'priority')::smallint;
    RETURN jsonb_build_object('created_at', made_at, 'deadline_at', ends_at, 'position', ahead + 1, 'running', waiting,
        'limit', tenant.concurrency_limit, 'amount', amount::text);
END $$;
