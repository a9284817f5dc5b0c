-- The end of a generation's money, in the transaction that ends the generation. `p` carries:
--   status, reason, amount, cost, absorbed, lines, usage, flags, attempt, api_key_id, member_id, model, image_size,
--   tier, metadata, images, tokens, requests, records: [{kind, quantity, pieces, unit, unit_price, amount, cost}]
-- The charge's primary key makes a second one impossible (I2).
CREATE OR REPLACE FUNCTION charge_settle(p_tenant uuid, p_generation uuid, p jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    no_member CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
    held billing_hold;
    today date;
    billed_on date;
    is_closed timestamptz;
    charged numeric := (p->>'amount')::numeric;
    member uuid := (p->>'member_id')::uuid;
    job_tier text := coalesce(p->>'tier', 'standard');
    credits boolean;
    tags jsonb;
BEGIN
    SELECT * INTO STRICT held FROM billing_hold WHERE generation_id = p_generation AND tenant_id = p_tenant;
    IF charged > held.amount THEN
        RAISE EXCEPTION 'The charge of % is above its hold.', p_generation USING ERRCODE = 'CV003';
    END IF;

    -- The billing date is the tenant's local date. A job that was accepted in a month which is over but not closed yet (the
    -- grace time of its invoice) still belongs to it, as it does to that month's budget: on its last day.
    -- The share lock keeps an invoice from closing the month between reading the date and writing the rows; what comes
    -- after a closed month goes into the next open one.
    SELECT (now() AT TIME ZONE t.billing_timezone)::date,
           (date_trunc('month', held.created_at AT TIME ZONE t.billing_timezone) + interval '1 month - 1 day')::date
    INTO today, billed_on FROM accounts_tenant t WHERE t.id = p_tenant;
    billed_on := least(billed_on, today);
    LOOP
        SELECT closed_at INTO is_closed FROM billing_billingperiod
        WHERE tenant_id = p_tenant AND month = date_trunc('month', billed_on)::date FOR SHARE;
        IF NOT FOUND THEN
            INSERT INTO billing_billingperiod (id, tenant_id, month)
            VALUES (gen_random_uuid(), p_tenant, date_trunc('month', billed_on)::date)
            ON CONFLICT (tenant_id, month) DO NOTHING;
            CONTINUE;
        END IF;
        EXIT WHEN is_closed IS NULL;
        billed_on := greatest((date_trunc('month', billed_on) + interval '1 month')::date, today);
    END LOOP;

    INSERT INTO billing_charge (generation_id, tenant_id, livemode, status, reason, amount, cost, absorbed, currency,
                                lines, usage, flags, billing_date)
    VALUES (p_generation, p_tenant, held.livemode, p->>'status', p->>'reason', charged, (p->>'cost')::numeric,
            (p->>'absorbed')::numeric, held.currency, p->'lines', p->'usage', p->'flags', billed_on);

    -- The pictures stand at one line, that of their tokens where there is one, so that sums over lines count them once.
    INSERT INTO billing_usagerecord (billing_date, generation_id, attempt, kind, tenant_id, livemode, api_key_id,
                                     member_id, model, image_size, tier, quantity, pieces, images, unit, unit_price,
                                     amount, cost, currency)
    SELECT billed_on, p_generation, (p->>'attempt')::smallint, r.kind, p_tenant, held.livemode, (p->>'api_key_id')::uuid,
           member, p->>'model', p->>'image_size', job_tier, r.quantity,
           -- results of a worker of the release before do not say how many pictures a price per picture billed
           CASE WHEN r.unit = 'per_image' THEN
               coalesce(r.pieces, CASE WHEN r.unit_price > 0 THEN round(r.amount / r.unit_price) ELSE (p->>'images')::int END) END,
           CASE WHEN row_number() OVER (ORDER BY r.kind = 'image_output' DESC, r.kind) = 1
               THEN (p->>'images')::int ELSE 0 END,
           coalesce(r.unit, ''), r.unit_price, r.amount, r.cost, held.currency
    FROM jsonb_to_recordset(p->'records')
        AS r(kind text, quantity bigint, pieces int, unit text, unit_price numeric, amount numeric, cost numeric);

    -- A ledger transaction locks nothing, but where it spends credits: then it waits for the wallet's lock at the end. A
    -- credit that is given in this moment is for the next job.
    credits := charged > 0 AND EXISTS (SELECT 1 FROM billing_credit
                                       WHERE tenant_id = p_tenant AND livemode = held.livemode AND remaining > 0);
    IF charged > 0 AND NOT credits THEN
        PERFORM charge_book(p_tenant, p_generation, held.livemode, charged, held.currency, false);
    END IF;

    tags := usage_tags_reserve(p_tenant, held.livemode, billed_on, p->'metadata');

    -- From here on the rows that other jobs of the tenant wait for: roll-ups in the order of their key, those of tags in
    -- theirs, then the hold.
    INSERT INTO billing_usagerollup AS u (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size,
                                          kind, tier, unit, unit_price, records, quantity, billed, images, flagged, amount,
                                          cost)
    SELECT p_tenant, billed_on, date_trunc('hour', now(), 'UTC'), held.livemode, p->>'model', (p->>'api_key_id')::uuid,
           coalesce(member, no_member), p->>'image_size', r.kind, r.tier, r.unit, r.unit_price, r.records, r.quantity, r.billed,
           r.images, r.flagged, r.amount, r.cost
    FROM usage_sums(p_generation, billed_on, job_tier) r
    ORDER BY r.kind
    ON CONFLICT (tenant_id, billing_date, hour, livemode, model, api_key_id, member_id, image_size, kind, tier, unit,
                 unit_price) DO UPDATE
    SET records = u.records + excluded.records, quantity = u.quantity + excluded.quantity,
        billed = u.billed + excluded.billed, images = u.images + excluded.images, flagged = u.flagged + excluded.flagged,
        amount = u.amount + excluded.amount, cost = u.cost + excluded.cost;

    IF tags IS NOT NULL THEN
        INSERT INTO billing_usagetagrollup AS u (tenant_id, billing_date, livemode, key, value, model, image_size, kind,
                                                 records, quantity, images, amount, cost)
        SELECT p_tenant, billed_on, held.livemode, t.key, t.value, p->>'model', p->>'image_size', r.kind, r.records,
               r.quantity, r.images, r.amount, r.cost
        FROM jsonb_each_text(tags) t, usage_sums(p_generation, billed_on, job_tier) r
        ORDER BY t.key, t.value, r.kind
        ON CONFLICT (tenant_id, billing_date, livemode, key, value, model, image_size, kind) DO UPDATE
        SET records = u.records + excluded.records, quantity = u.quantity + excluded.quantity,
            images = u.images + excluded.images, amount = u.amount + excluded.amount, cost = u.cost + excluded.cost;
    END IF;

    PERFORM hold_settle(p_tenant, p_generation,
        CASE p->>'status' WHEN 'charged' THEN 'settled' ELSE 'released' END,
        charged, (p->>'images')::int, (p->>'tokens')::int, (p->>'requests')::int);
    IF credits THEN
        PERFORM charge_book(p_tenant, p_generation, held.livemode, charged, held.currency, true);
    END IF;
END $$;
