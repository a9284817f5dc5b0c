-- The bounds of the period of a budget that contains now, in the tenant's time zone (weeks begin on Monday, ISO 8601).
CREATE FUNCTION budget_period_bounds(p_period text, p_created timestamptz, p_zone text,
    OUT starts_at timestamptz, OUT resets_at timestamptz)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    SELECT CASE p_period WHEN 'total' THEN p_created ELSE date_trunc(p_period, now(), p_zone) END,
           CASE p_period WHEN 'total' THEN NULL
               ELSE (date_trunc(p_period, now() AT TIME ZONE p_zone) + ('1 ' || p_period)::interval) AT TIME ZONE p_zone
           END
$$;

-- Holds the worst case of a generation on the wallet and on every budget that applies: all of them or none (I3).
-- Answers NULL, or why not, and then the caller rolls back. Called last before COMMIT, because it locks rows that all
-- jobs of a tenant share; budgets in the order of their ids and the wallet at the end, so no two holds wait in a ring.
CREATE FUNCTION hold_take(p_tenant uuid, p_generation uuid, p_livemode boolean, p_key uuid, p_member uuid,
    p_amount numeric, p_currency text, p_images int, p_tokens int, p_prices jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    zone text;
    line record;
    wanted numeric;
BEGIN
    INSERT INTO billing_hold (generation_id, tenant_id, livemode, status, amount, currency, images, tokens, prices)
    VALUES (p_generation, p_tenant, p_livemode, 'held', p_amount, p_currency, p_images, p_tokens, p_prices);

    IF EXISTS (SELECT 1 FROM billing_budget WHERE tenant_id = p_tenant AND deleted_at IS NULL) THEN
        SELECT billing_timezone INTO zone FROM accounts_tenant WHERE id = p_tenant;
        INSERT INTO billing_budgetperiod (tenant_id, budget_id, starts_at, resets_at, cap, hard, used, held)
        SELECT b.tenant_id, b.id, s.starts_at, s.resets_at, b."limit", b.hard, 0, 0
        FROM billing_budget b, budget_period_bounds(b.period, b.created_at, zone) s
        WHERE b.tenant_id = p_tenant AND b.livemode = p_livemode AND b.deleted_at IS NULL
            AND b.scope_id IN (p_tenant, p_key, p_member)
            AND NOT EXISTS (SELECT 1 FROM billing_budgetperiod p WHERE p.budget_id = b.id AND p.starts_at = s.starts_at)
        ON CONFLICT (budget_id, starts_at) DO NOTHING;

        FOR line IN
            SELECT p.id, p.cap, p.used, p.held, p.hard, p.resets_at, b.id AS budget_id, b.scope, b.scope_id, b.metric,
                   b.period
            FROM billing_budget b, budget_period_bounds(b.period, b.created_at, zone) s, billing_budgetperiod p
            WHERE b.tenant_id = p_tenant AND b.livemode = p_livemode AND b.deleted_at IS NULL
                AND b.scope_id IN (p_tenant, p_key, p_member)
                AND p.budget_id = b.id AND p.starts_at = s.starts_at
            ORDER BY p.id FOR UPDATE OF p
        LOOP
            wanted := CASE line.metric WHEN 'money' THEN p_amount WHEN 'images' THEN p_images
                WHEN 'tokens' THEN p_tokens ELSE 1 END;
            IF line.hard AND line.used + line.held + wanted > line.cap THEN
                RETURN jsonb_build_object('code', 'budget_exceeded', 'budget_id', line.budget_id,
                    'scope', line.scope, 'scope_id', line.scope_id, 'metric', line.metric, 'period', line.period,
                    'limit', line.cap::text, 'used', line.used::text, 'held', line.held::text,
                    'wanted', wanted::text, 'resets_at', line.resets_at);
            END IF;
            UPDATE billing_budgetperiod SET held = held + wanted WHERE id = line.id;
            INSERT INTO billing_holdline (tenant_id, hold_id, budget_period_id, quantity)
            VALUES (p_tenant, p_generation, line.id, wanted);
        END LOOP;
    END IF;

    IF p_amount > 0 THEN
        UPDATE billing_wallet SET held = held + p_amount
        WHERE tenant_id = p_tenant AND livemode = p_livemode AND currency = p_currency
            AND held + p_amount <= balance + credit_limit;
        IF NOT FOUND THEN
            RETURN (SELECT jsonb_build_object('code', 'insufficient_balance', 'balance', w.balance::text,
                        'held', w.held::text, 'credit_limit', w.credit_limit::text, 'currency', w.currency,
                        'wanted', p_amount::text)
                    FROM (SELECT 1) one LEFT JOIN billing_wallet w
                        ON w.tenant_id = p_tenant AND w.livemode = p_livemode);
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- Ends a hold once: what was used moves from `held` to `used` in the period that held it, the rest is free again.
-- False when it had ended before.
CREATE FUNCTION hold_end(p_tenant uuid, p_generation uuid, p_status text, p_amount numeric, p_images int, p_tokens int,
    p_requests int) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    ended billing_hold;
    line record;
BEGIN
    UPDATE billing_hold SET status = p_status, ended_at = now()
    WHERE generation_id = p_generation AND tenant_id = p_tenant AND status = 'held' RETURNING * INTO ended;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    FOR line IN
        SELECT p.id, l.quantity, b.metric
        FROM billing_holdline l
        JOIN billing_budgetperiod p ON p.id = l.budget_period_id
        JOIN billing_budget b ON b.id = p.budget_id
        WHERE l.tenant_id = p_tenant AND l.hold_id = p_generation
        ORDER BY p.id FOR UPDATE OF p
    LOOP
        -- never above what was held: I3 must not depend on what the upstream reports
        UPDATE billing_budgetperiod SET held = held - line.quantity, used = used + least(line.quantity,
            CASE line.metric WHEN 'money' THEN p_amount WHEN 'images' THEN p_images WHEN 'tokens' THEN p_tokens
                ELSE p_requests END)
        WHERE id = line.id;
    END LOOP;
    IF ended.amount > 0 THEN
        UPDATE billing_wallet SET held = held - ended.amount, balance = balance - p_amount
        WHERE tenant_id = p_tenant AND livemode = ended.livemode;
    END IF;
    RETURN true;
END $$;

-- The end of a generation's money, in the transaction that ends the generation. `p` carries:
--   status, reason, amount, cost, absorbed, lines, usage, flags, attempt, api_key_id, model, image_size,
--   images, tokens, requests, records: [{kind, quantity, unit_price, amount, cost}]
-- The charge's primary key makes a second one impossible (I2).
CREATE FUNCTION charge_settle(p_tenant uuid, p_generation uuid, p jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    held billing_hold;
    billed date;
    is_closed timestamptz;
    charged numeric := (p->>'amount')::numeric;
    entry uuid;
BEGIN
    SELECT * INTO STRICT held FROM billing_hold WHERE generation_id = p_generation AND tenant_id = p_tenant;
    IF charged > held.amount THEN
        RAISE EXCEPTION 'The charge of % is above its hold.', p_generation USING ERRCODE = 'CV003';
    END IF;

    -- The share lock keeps an invoice from closing the month between reading the date and writing the rows; what comes
    -- after a closed month goes into the next open one.
    SELECT (now() AT TIME ZONE t.billing_timezone)::date INTO billed FROM accounts_tenant t WHERE t.id = p_tenant;
    LOOP
        SELECT closed_at INTO is_closed FROM billing_billingperiod
        WHERE tenant_id = p_tenant AND month = date_trunc('month', billed)::date FOR SHARE;
        IF NOT FOUND THEN
            INSERT INTO billing_billingperiod (id, tenant_id, month)
            VALUES (gen_random_uuid(), p_tenant, date_trunc('month', billed)::date)
            ON CONFLICT (tenant_id, month) DO NOTHING;
            CONTINUE;
        END IF;
        EXIT WHEN is_closed IS NULL;
        billed := (date_trunc('month', billed) + interval '1 month')::date;
    END LOOP;

    INSERT INTO billing_charge (generation_id, tenant_id, livemode, status, reason, amount, cost, absorbed, currency,
                                lines, usage, flags, billing_date)
    VALUES (p_generation, p_tenant, held.livemode, p->>'status', p->>'reason', charged, (p->>'cost')::numeric,
            (p->>'absorbed')::numeric, held.currency, p->'lines', p->'usage', p->'flags', billed);

    INSERT INTO billing_usagerecord (billing_date, generation_id, attempt, kind, tenant_id, livemode, api_key_id, model,
                                     image_size, quantity, unit_price, amount, cost, currency)
    SELECT billed, p_generation, (p->>'attempt')::smallint, r.kind, p_tenant, held.livemode, (p->>'api_key_id')::uuid,
           p->>'model', p->>'image_size', r.quantity, r.unit_price, r.amount, r.cost, held.currency
    FROM jsonb_to_recordset(p->'records') AS r(kind text, quantity bigint, unit_price numeric, amount numeric, cost numeric);

    IF charged > 0 THEN
        entry := gen_random_uuid();
        INSERT INTO billing_ledgertransaction (id, tenant_id, livemode, kind, generation_id, reason, actor)
        VALUES (entry, p_tenant, held.livemode, 'charge', p_generation, '', 'system');
        INSERT INTO billing_ledgerentry (tenant_id, transaction_id, account, livemode, amount, currency)
        VALUES (p_tenant, entry, 'wallet', held.livemode, -charged, held.currency),
               (p_tenant, entry, 'revenue', held.livemode, charged, held.currency);
    END IF;

    -- From here on the rows that other jobs of the tenant wait for: roll-ups in the order of their key, then the hold.
    INSERT INTO billing_usagerollup AS u (tenant_id, billing_date, hour, livemode, model, api_key_id, image_size, kind,
                                          records, quantity, amount, cost)
    SELECT p_tenant, billed, date_trunc('hour', now()), held.livemode, p->>'model', (p->>'api_key_id')::uuid,
           p->>'image_size', r.kind, 1, r.quantity, r.amount, r.cost
    FROM jsonb_to_recordset(p->'records') AS r(kind text, quantity bigint, amount numeric, cost numeric)
    ORDER BY r.kind
    ON CONFLICT (tenant_id, billing_date, hour, livemode, model, api_key_id, image_size, kind) DO UPDATE
    SET records = u.records + 1, quantity = u.quantity + excluded.quantity, amount = u.amount + excluded.amount,
        cost = u.cost + excluded.cost;

    PERFORM hold_end(p_tenant, p_generation,
        CASE p->>'status' WHEN 'charged' THEN 'settled' ELSE 'released' END,
        charged, (p->>'images')::int, (p->>'tokens')::int, (p->>'requests')::int);
END $$;
