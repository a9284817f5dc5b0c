-- Holds the worst case of a generation on the wallet and on every budget that applies: all of them or none (I3).
-- Answers NULL, or why not, and then the caller rolls back. Called last before COMMIT, because it locks rows that all
-- jobs of a tenant share; budgets in the order of their ids and the wallet at the end, so no two holds wait in a ring.
CREATE OR REPLACE FUNCTION hold_take(p_tenant uuid, p_generation uuid, p_livemode boolean, p_key uuid, p_member uuid,
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
