-- Pays what a tenant's invoices leave to pay from its balance, the oldest due first; or one of them, p_invoice. Called when
-- money has come, under the locks that it takes: the invoices in the order of their ids, then the wallet.
--
-- What can be paid is what the invoices ask for and the wallet does not owe any more: paid money, never credits, never the
-- credit limit. The wallet owes what lies below zero, without what no invoice shows yet (usage and corrections after the last
-- one). What an invoice asks beyond that is its receivable, which is paid first and leaves the wallet now; the rest has left
-- the wallet already, job by job, and only its payment is noted. Whole coins only, and nothing that is held.
-- Returns how much it paid.
CREATE OR REPLACE FUNCTION dues_settle(p_tenant uuid, p_invoice uuid, p_now timestamptz, p_actor text) RETURNS numeric
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    wallet billing_wallet;
    money numeric;
    asked numeric;
    carried numeric;
    later numeric := 0;
    payable numeric;
    room numeric;
    part numeric;
    share numeric;
    paid numeric := 0;
    due record;
BEGIN
    PERFORM 1 FROM billing_invoice WHERE tenant_id = p_tenant AND status = 'finalised' ORDER BY id FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    SELECT * INTO STRICT wallet FROM billing_wallet WHERE tenant_id = p_tenant AND livemode FOR UPDATE;
    SELECT wallet.balance - coalesce(sum(k.remaining), 0) INTO money FROM billing_credit k
    WHERE k.tenant_id = p_tenant AND k.livemode;
    SELECT coalesce(sum(greatest(i.amount_due - s.settled, 0)), 0),
           coalesce(sum(greatest(i.amount_due - s.settled, 0) - greatest(i.receivable - s.settled, 0)), 0)
    INTO asked, carried
    FROM billing_invoice i, invoice_settled(i.id) AS s(settled)
    WHERE i.tenant_id = p_tenant AND i.status = 'finalised';
    IF money < 0 AND carried > 0 THEN
        later := unbilled_sum(p_tenant);
    END IF;
    payable := least(asked, carried - greatest(-money - later, 0) + greatest(money, 0));
    room := wallet.balance + wallet.credit_limit - wallet.held;

    FOR due IN
        SELECT i.id, i.number, i.currency, i.digits, i.receivable, s.settled, i.amount_due - s.settled AS rest
        FROM billing_invoice i, invoice_settled(i.id) AS s(settled)
        WHERE i.tenant_id = p_tenant AND i.status = 'finalised' AND i.amount_due > s.settled
            AND (p_invoice IS NULL OR i.id = p_invoice)
        ORDER BY i.due_on, i.id
    LOOP
        part := trunc(least(due.rest, payable), due.digits);
        share := least(due.settled + part, due.receivable) - least(due.settled, due.receivable);
        IF share > room THEN
            part := trunc(greatest(room, 0), due.digits);
            share := part;
        END IF;
        CONTINUE WHEN part <= 0;
        PERFORM invoice_book(p_tenant, due.id, 'settlement', due.number, p_actor, due.currency,
            jsonb_build_object('wallet', -share, 'receivable', share));
        INSERT INTO billing_payment (id, tenant_id, invoice_id, method, reference, amount, currency, received_on, actor)
        SELECT n.id, p_tenant, due.id, 'balance', 'balance ' || replace(n.id::text, '-', ''), part, due.currency,
               (p_now AT TIME ZONE i.timezone)::date, left(p_actor, 300)
        FROM (SELECT id_new() AS id) n, billing_invoice i WHERE i.id = due.id;
        PERFORM event_add(p_tenant, due.id, 'invoice.settled_from_balance', jsonb_build_object('number', due.number,
            'amount', part::text, 'currency', due.currency));
        IF part = due.rest THEN
            PERFORM invoice_mark_paid(due.id, 'balance');
        END IF;
        payable := payable - part;
        room := room - share;
        paid := paid + part;
    END LOOP;
    RETURN paid;
END $$;
