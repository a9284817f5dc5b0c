-- Holds the worst case of a generation on the wallet and on every budget that applies: all of them or none (I3).
-- Returns NULL, or why not, and then the caller rolls back. Called as late before COMMIT as can be, because it locks rows
-- that all jobs of a tenant share: budgets' periods in the order of their ids and the wallet at the end, so no two holds
-- wait in a ring. What belongs together is one statement, for the time between two of them is time under the locks. Its
-- plans are made once per session (force_generic_plan): to plan such a statement takes ten times as long as to run it.
CREATE OR REPLACE FUNCTION hold_reserve(p_tenant uuid, p_generation uuid, p_livemode boolean, p_key uuid, p_member uuid,
    p_amount numeric, p_currency text, p_images int, p_tokens int, p_prices jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    at timestamptz;
    applying int;
    missing uuid[];
    budget uuid;
    periods bigint[];
    needed numeric[];
    allowed numeric[];
    fits boolean;
    wallet billing_wallet;
    kept numeric := 0;
BEGIN
    PERFORM budgets_lock(p_tenant, false);
    -- after the lock: what a change of the budgets counted came before this, and what it did not count comes after
    at := clock_timestamp();
    INSERT INTO billing_hold (generation_id, tenant_id, livemode, status, amount, currency, images, tokens, prices,
                              api_key_id, member_id, created_at)
    VALUES (p_generation, p_tenant, p_livemode, 'held', p_amount, p_currency, p_images, p_tokens, p_prices,
            p_key, p_member, at);

    SELECT count(*), array_agg(b.id ORDER BY b.id) FILTER (WHERE p.id IS NULL) INTO applying, missing
    FROM billing_budget b
    LEFT JOIN billing_budgetperiod p
        ON p.budget_id = b.id AND coalesce(p.resets_at, 'infinity') > at AND p.starts_at <= at
    WHERE b.tenant_id = p_tenant AND b.livemode = p_livemode AND b.deleted_at IS NULL
        AND b.scope_id IN (p_tenant, p_key, p_member);
    IF missing IS NOT NULL THEN
        -- A period's first job opens it; in one order, and before any is locked, for another may be opening it too.
        FOREACH budget IN ARRAY missing LOOP
            PERFORM budget_period_open(p_tenant, budget, at, false);
        END LOOP;
    END IF;

    IF applying > 0 THEN
        SELECT array_agg(l.id), array_agg(l.needed), array_agg(l.allowed),
               bool_and(NOT l.hard OR l.used + l.held + l.needed <= l.allowed)
        INTO periods, needed, allowed, fits
        FROM (
            SELECT p.id, p.hard, p.used, p.held, budget_limit(b."limit", b.raise_to, b.raise_until, at) AS allowed,
                   CASE b.metric WHEN 'money' THEN p_amount WHEN 'images' THEN p_images WHEN 'tokens' THEN p_tokens ELSE 1 END
                       AS needed
            FROM billing_budget b
            JOIN billing_budgetperiod p
                ON p.budget_id = b.id AND coalesce(p.resets_at, 'infinity') > at AND p.starts_at <= at
            WHERE b.tenant_id = p_tenant AND b.livemode = p_livemode AND b.deleted_at IS NULL
                AND b.scope_id IN (p_tenant, p_key, p_member)
            ORDER BY p.id FOR UPDATE OF p) l;
    END IF;
    IF NOT fits THEN
        -- of several the one that is away longest: what has to be waited for or raised in any case
        RETURN (
            SELECT jsonb_build_object('code', 'budget_exceeded', 'budget_id', b.id, 'scope', b.scope,
                'scope_id', b.scope_id, 'metric', b.metric, 'period', b.period, 'limit', t.allowed::text,
                'used', p.used::text, 'held', p.held::text, 'wanted', t.needed::text, 'resets_at', p.resets_at,
                'currency', CASE b.metric WHEN 'money' THEN p_currency END, 'set_by_operator', b.set_by_operator,
                'notify', 100 = ANY (b.alerts) AND 100 <> ALL (p.alerted) AND t.needed <= t.allowed)
            FROM unnest(periods, needed, allowed) t (id, needed, allowed)
            JOIN billing_budgetperiod p ON p.id = t.id AND p.hard AND p.used + p.held + t.needed > t.allowed
            JOIN billing_budget b ON b.id = p.budget_id
            ORDER BY p.resets_at DESC NULLS FIRST, p.id LIMIT 1);
    END IF;
    IF periods IS NOT NULL THEN
        -- The cap follows a raise that has ended; the CHECK on it is the last word.
        WITH reserved AS (
            UPDATE billing_budgetperiod p SET held = p.held + t.needed, cap = greatest(t.allowed, p.used + p.held)
            FROM unnest(periods, needed, allowed) t (id, needed, allowed) WHERE p.id = t.id
        )
        INSERT INTO billing_holdline (tenant_id, hold_id, budget_period_id, quantity)
        SELECT p_tenant, p_generation, t.id, t.needed FROM unnest(periods, needed) t (id, needed);
    END IF;

    IF p_amount > 0 THEN
        UPDATE billing_wallet SET held = held + p_amount
        WHERE tenant_id = p_tenant AND livemode = p_livemode AND currency = p_currency
            AND held + p_amount <= balance + credit_limit RETURNING * INTO wallet;
        fits := FOUND;
        IF wallet.tax_rate > 0 THEN
            -- under the wallet's lock, so that nobody spends the credits meanwhile that pay without tax
            kept := tax_kept(p_tenant, p_livemode);
            fits := kept = 0 OR wallet.held + kept <= wallet.balance;
        END IF;
        IF NOT fits THEN
            RETURN (SELECT jsonb_build_object('code', 'insufficient_balance', 'balance', w.balance::text,
                        'held', w.held::text, 'credit_limit', w.credit_limit::text, 'currency', w.currency,
                        'tax_kept', kept::text, 'wanted', p_amount::text)
                    FROM (SELECT 1) one LEFT JOIN (
                        -- as it was before this job
                        SELECT x.balance, x.held - CASE WHEN wallet.held IS NULL THEN 0 ELSE p_amount END AS held,
                               x.credit_limit, x.currency
                        FROM billing_wallet x WHERE x.tenant_id = p_tenant AND x.livemode = p_livemode) w ON true);
        END IF;
    END IF;
    RETURN NULL;
END $$;
