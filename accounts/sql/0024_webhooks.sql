-- As it was, with the events of payments, of unpaid invoices and of unusual spend.
CREATE OR REPLACE FUNCTION accounts_webhook_fan_out() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    native text := CASE NEW.type
        WHEN 'generation.succeeded' THEN 'generation.succeeded'
        WHEN 'generation.failed' THEN 'generation.failed'
        WHEN 'generation.canceled' THEN 'generation.canceled'
        WHEN 'batch.created' THEN 'batch.created'
        WHEN 'batch.completed' THEN 'batch.completed'
        WHEN 'batch.canceled' THEN 'batch.canceled'
        WHEN 'batch.expired' THEN 'batch.expired'
        WHEN 'batch.failed' THEN 'batch.failed'
        WHEN 'budget.threshold_reached' THEN 'budget.threshold'
        WHEN 'wallet.low_balance' THEN 'wallet.low'
        WHEN 'wallet.topped_up' THEN 'wallet.topped_up'
        WHEN 'wallet.top_up_reversed' THEN 'wallet.top_up_reversed'
        WHEN 'wallet.auto_top_up_disabled' THEN 'wallet.auto_top_up_disabled'
        WHEN 'payment.succeeded' THEN 'payment.succeeded'
        WHEN 'payment.failed' THEN 'payment.failed'
        WHEN 'payment.requires_action' THEN 'payment.requires_action'
        WHEN 'payment.disputed' THEN 'payment.disputed'
        WHEN 'invoice.finalised' THEN 'invoice.finalized'
        WHEN 'invoice.paid' THEN 'invoice.paid'
        WHEN 'invoice.overdue' THEN 'invoice.overdue'
        WHEN 'invoice.payment_reversed' THEN 'invoice.payment_reversed'
        WHEN 'invoice.reminded' THEN 'invoice.reminded'
        WHEN 'usage.anomaly' THEN 'usage.anomaly'
        WHEN 'tenant.payment_suspended' THEN 'tenant.payment_suspended'
        WHEN 'tenant.payment_resumed' THEN 'tenant.payment_resumed'
        WHEN 'key.created' THEN 'key.created'
        WHEN 'key.changed' THEN 'key.changed'
        WHEN 'key.rotated' THEN 'key.rotated'
        WHEN 'key.revoked' THEN 'key.revoked'
        WHEN 'member.joined' THEN 'member.joined'
        WHEN 'member.role_changed' THEN 'member.role_changed'
        WHEN 'member.removed' THEN 'member.removed'
        WHEN 'member.left' THEN 'member.left'
    END;
    gemini text := CASE NEW.type
        WHEN 'generation.succeeded' THEN 'interaction.completed'
        WHEN 'generation.failed' THEN 'interaction.failed'
        WHEN 'batch.completed' THEN 'batch.succeeded'
        WHEN 'batch.expired' THEN 'batch.expired'
        WHEN 'batch.failed' THEN 'batch.failed'
    END;
BEGIN
    IF native IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO accounts_webhookdelivery (id, tenant_id, endpoint_id, message_id, event_type, source_type, subject, facts,
                                          event_at, body, status, attempts, error)
    SELECT id_new(), NEW.tenant_id, e.id,
           'evt_' || md5(NEW.tenant_id::text || NEW.id::text || extract(epoch FROM NEW.at)::text),
           n.name, NEW.type, NEW.subject, NEW.data, NEW.at, '', 'pending', 0, ''
    FROM accounts_webhookendpoint e
    CROSS JOIN LATERAL (SELECT CASE e.dialect WHEN 'gemini' THEN gemini ELSE native END AS name) n
    WHERE e.tenant_id = NEW.tenant_id AND e.status = 'enabled' AND e.url <> ''
        AND (e.subject IS NULL OR e.subject = NEW.subject)
        -- Gemini has no word for most events: an endpoint of its that wants all is not sent those.
        AND n.name IS NOT NULL
        AND (n.name = ANY (e.events) OR split_part(n.name, '.', 1) || '.*' = ANY (e.events) OR '*' = ANY (e.events))
        -- URLs of one job are used instead of Gemini's registered webhooks.
        AND (e.subject IS NOT NULL OR e.dialect <> 'gemini' OR NOT EXISTS (
            SELECT FROM accounts_webhookendpoint own
            WHERE own.tenant_id = NEW.tenant_id AND own.subject = NEW.subject AND own.dialect = 'gemini'
                AND own.status = 'enabled' AND own.url <> ''));
    RETURN NULL;
END $$;
