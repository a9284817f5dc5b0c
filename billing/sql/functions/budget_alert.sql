-- Alerts once per period and percentage that a budget's use has reached: a row for the mail and an event, in the
-- transaction in which it did. Its caller holds the periods' row locks, so two jobs never both find one due. Counts what
-- is settled, not what is held: a worst case that is free again in a minute is no news. But a hard budget that has refused a
-- job (p_refused) is at its 100 %, for settled use alone may never get there; what is held says why, and the lower percentages,
-- which settled use reaches later, are no news any more.
CREATE OR REPLACE FUNCTION budget_alert(p_tenant uuid, p_periods bigint[], p_refused boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    due record;
BEGIN
    FOR due IN
        SELECT p.id, p.used, p.held, p.resets_at, b.id AS budget_id, b.livemode, b.scope, b.scope_id, b.period, b.metric, a.percent,
               allowed.amount, p_refused AND a.percent = 100 AS refused, b.alerts
        FROM billing_budgetperiod p
        JOIN billing_budget b ON b.id = p.budget_id
        CROSS JOIN LATERAL budget_limit(b."limit", b.raise_to, b.raise_until, clock_timestamp()) allowed (amount)
        CROSS JOIN unnest(b.alerts) a (percent)
        WHERE p.id = ANY (p_periods) AND b.deleted_at IS NULL AND allowed.amount > 0
            AND (p.used * 100 >= allowed.amount * a.percent OR (p_refused AND a.percent = 100))
            AND a.percent <> ALL (p.alerted)
        ORDER BY p.id, a.percent
    LOOP
        UPDATE billing_budgetperiod SET alerted = CASE WHEN due.refused
            THEN alerted || ARRAY(SELECT a FROM unnest(due.alerts) a WHERE a <= 100 AND a <> ALL (alerted))
            ELSE alerted || due.percent END
        WHERE id = due.id;
        INSERT INTO billing_budgetalert (tenant_id, budget_id, budget_period_id, percent, "limit", used, held)
        VALUES (p_tenant, due.budget_id, due.id, due.percent, due.amount, due.used, due.held);
        -- in the words of the API, for webhooks send it as it is
        PERFORM event_add(p_tenant, due.budget_id, 'budget.threshold_reached', jsonb_build_object(
            'budget_id', 'bud_' || replace(due.budget_id::text, '-', ''), 'percent', due.percent,
            'livemode', due.livemode, 'scope', due.scope,
            'scope_id', CASE due.scope WHEN 'tenant' THEN 'ten_' WHEN 'key' THEN 'key_' ELSE 'usr_' END
                        || replace(due.scope_id::text, '-', ''),
            'period', due.period, 'metric', due.metric,
            'limit', CASE due.metric WHEN 'money' THEN to_jsonb(due.amount::text) ELSE to_jsonb(due.amount::bigint) END,
            'used', CASE due.metric WHEN 'money' THEN to_jsonb(due.used::text) ELSE to_jsonb(due.used::bigint) END,
            'held', CASE due.metric WHEN 'money' THEN to_jsonb(due.held::text) ELSE to_jsonb(due.held::bigint) END,
            'resets_at', to_char(due.resets_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
    END LOOP;
END $$;
