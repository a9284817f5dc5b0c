-- How an invoice of this size would be paid, as the wallet stands now, credits apart: they have paid their part of the
-- lines, and pay nothing else. The usage itself has left the wallet already, job by job. What the invoice adds to it (tax,
-- and the difference that rounding makes) is
--   drawn       taken from the wallet, as far as there is room,
--   borne       where the wallet keeps its tax back: what it lacks only because lines are rounded to coins, which the
--               operator's account of rounding bears, so that nobody who prepaid is asked for cents,
--   receivable  the rest, in whole minor units, which the wallet cannot carry; never below zero: what rounding gives back
--               goes into the wallet, however far below its limit paid money is,
-- and of all that
--   due         is what the wallet owes for it: what lies below zero and is on no earlier invoice, and the receivable.
-- A prepaid wallet never lies below zero, so nothing is due; a postpaid one owes the whole; credits lie in between.
-- p_exact is what has left the wallet already, p_fees what has not (it has a default for processes of the release before).
CREATE OR REPLACE FUNCTION invoice_dues(p_tenant uuid, p_month date, p_invoice uuid, p_exact numeric, p_net numeric,
    p_tax numeric, p_digits int, p_fees numeric DEFAULT 0, OUT drawn numeric, OUT borne numeric, OUT receivable numeric, OUT due numeric)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp
AS $$
DECLARE
    wallet billing_wallet;
    added numeric := p_net + p_tax - p_exact;
    money numeric;
    room numeric;
    lacking numeric;
    later numeric;
    before numeric;
BEGIN
    SELECT * INTO STRICT wallet FROM billing_wallet WHERE tenant_id = p_tenant AND livemode;
    SELECT wallet.balance - coalesce(sum(k.remaining), 0) INTO money FROM billing_credit k
    WHERE k.tenant_id = p_tenant AND k.livemode;
    room := least(money + wallet.credit_limit, wallet.balance + wallet.credit_limit - wallet.held);
    lacking := greatest(added - greatest(room, 0), 0);
    borne := CASE WHEN wallet.tax_rate > 0 AND wallet.credit_limit = 0
        THEN least(lacking, greatest(p_net + p_tax - (p_exact + p_fees) * (1 + wallet.tax_rate / 100), 0)) ELSE 0 END;
    receivable := ceil((lacking - borne) * 10::numeric ^ p_digits) / 10::numeric ^ p_digits;
    drawn := added - receivable - borne;
    -- what was used after this month is for the next invoice
    SELECT coalesce(sum(u.amount), 0) INTO later FROM billing_usagerollup u
    WHERE u.tenant_id = p_tenant AND u.livemode AND u.billing_date >= (p_month + interval '1 month')::date;
    later := later - coalesce((SELECT sum(amount)
                               FROM credits_used(p_tenant, (p_month + interval '1 month')::date, NULL)), 0);
    SELECT coalesce(sum(greatest(i.amount_due - s.settled, 0) - greatest(i.receivable - s.settled, 0)), 0) INTO before
    FROM billing_invoice i, invoice_settled(i.id) AS s(settled)
    WHERE i.tenant_id = p_tenant AND i.status = 'finalised' AND i.id IS DISTINCT FROM p_invoice;
    due := round(receivable + greatest(least(p_exact + drawn, drawn - money - later - before), 0), p_digits);
    due := greatest(least(due, p_net + p_tax), 0);
END $$;
