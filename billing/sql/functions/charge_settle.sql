-- The end of a generation's money, in the transaction that ends the generation. `p` carries:
--   status, reason, amount, cost, absorbed, lines, usage, flags, attempt, api_key_id, model, image_size,
--   images, tokens, requests, records: [{kind, quantity, unit_price, amount, cost}]
-- The charge's primary key makes a second one impossible (I2).
CREATE OR REPLACE FUNCTION charge_settle(p_tenant uuid, p_generation uuid, p jsonb) RETURNS void
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
