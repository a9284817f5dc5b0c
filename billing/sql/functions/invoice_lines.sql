-- The lines of a tenant's invoice for a month, as roll-ups and ledger stand now: usage by model, size, kind, tier and unit
-- price out of the roll-ups, what the plan costs besides (plan_fees), what credits paid of the usage, then corrections of the ledger that no invoice shows yet, as far as they
-- moved money. `quantity` is in pieces or tokens of the `unit`. `exact` has nine places and is what the records sum to.
-- `amount` is rounded once: quantity × unit price of usage, so that whoever reads it can do the sum (EN 16931); `exact` of all
-- else, which has no unit price. They differ where a record's own rounding did, at the ninth place of each.
-- The service, drafts and previews all read this. Live mode only: test jobs cost nothing.
--
-- What is missing of a minimum commitment is counted in coins: with the rounded lines before it, it comes to the commitment.
--
-- Corrections in the tenant's favour wait for the next invoice while they are worth more than everything else: an
-- invoice below zero is no invoice. So the exact sum is never below zero. Lines that are rounded one by one may still
-- come to less, or to something where they are worth nothing at all (what credits paid is one line, what they paid for
-- is many): then a last line, `rounding`, with nothing in `exact`, brings their sum to zero.
CREATE OR REPLACE FUNCTION invoice_lines(p_tenant uuid, p_month date, p_zone text, p_digits int)
RETURNS TABLE (number int, type text, model text, image_size text, kind text, tier text, unit text, unit_price numeric,
               description text, records bigint, quantity bigint, images bigint, exact numeric, amount numeric,
               ledger_transaction_id uuid)
LANGUAGE sql STABLE SET search_path = public, pg_temp
AS $$
    WITH used AS (
        SELECT u.model, u.image_size, u.kind, u.tier, u.unit, u.unit_price, sum(u.records)::bigint AS records,
               sum(u.billed)::bigint AS quantity, sum(u.images)::bigint AS images, sum(u.amount) AS exact
        FROM billing_usagerollup u
        WHERE u.tenant_id = p_tenant AND u.livemode AND u.billing_date >= p_month
            AND u.billing_date < (p_month + interval '1 month')::date AND u.kind <> 'request'
        GROUP BY u.model, u.image_size, u.kind, u.tier, u.unit, u.unit_price
    ), corrected AS (
        SELECT x.id, x.kind, x.reason, x.at, -sum(e.amount) AS exact
        FROM billing_ledgertransaction x
        JOIN billing_ledgerentry e ON e.tenant_id = x.tenant_id AND e.transaction_id = x.id AND e.account = 'wallet'
            AND e.credit_id IS NULL
        WHERE x.tenant_id = p_tenant AND x.livemode AND x.kind IN ('adjustment', 'refund')
            AND x.at < month_bounds(p_month, p_zone)
            -- the draft of an earlier month that waits shows it too
            AND NOT EXISTS (SELECT 1 FROM billing_invoiceline l JOIN billing_invoice i ON i.id = l.invoice_id
                            WHERE l.ledger_transaction_id = x.id AND i.month <> p_month
                                AND (i.status IN ('finalised', 'paid') OR (i.status = 'draft' AND i.month < p_month)))
        GROUP BY x.id, x.kind, x.reason, x.at
    ), credited AS (
        SELECT source, -amount AS exact, charges FROM credits_used(p_tenant, p_month, (p_month + interval '1 month')::date)
    ), planned AS (
        SELECT f.place, f.type, f.description, f.exact, f.since
        FROM plan_fees(p_tenant, p_month, p_zone, (SELECT coalesce(sum(u.exact), 0) FROM used u), p_digits) f
    ), reached AS (
        -- what the lines before it come to in coins, and what they are to come to with it: the commitment, to the coin
        SELECT coalesce((SELECT sum(line_amount(u.unit, u.quantity, CASE WHEN u.unit <> '' THEN u.unit_price END, u.exact, p_digits))
                         FROM used u), 0)
             + coalesce((SELECT sum(round(p.exact, p_digits)) FROM planned p WHERE p.type <> 'commitment'), 0) AS amount,
               round(coalesce((SELECT sum(u.exact) FROM used u), 0) + (SELECT sum(p.exact) FROM planned p), p_digits) AS committed
    ), fees AS (
        SELECT p.place, p.type, p.description, CASE p.type WHEN 'commitment' THEN r.committed - r.amount ELSE p.exact END AS exact,
               p.since
        FROM planned p, reached r WHERE p.type <> 'commitment' OR r.committed > r.amount
    ), whole AS (
        SELECT (SELECT coalesce(sum(exact), 0) FROM used) + (SELECT coalesce(sum(exact), 0) FROM credited)
             + (SELECT coalesce(sum(exact), 0) FROM fees) + (SELECT coalesce(sum(exact), 0) FROM corrected) AS exact
    ), lines AS (
        SELECT 1 AS part, 'usage' AS type, used.model, used.image_size, used.kind, used.tier, used.unit,
               CASE WHEN used.unit <> '' THEN used.unit_price END AS unit_price, '' AS description, used.records,
               used.quantity, used.images, used.exact, NULL::uuid AS entry, NULL::timestamptz AS at
        FROM used
        UNION ALL
        SELECT 1 + f.place, f.type, '', '', '', '', '', NULL, f.description, 0, 1, 0, f.exact, NULL, f.since FROM fees f
        UNION ALL
        SELECT 5, 'credit', '', '', c.source, '', '', NULL, '', c.charges, 0, 0, c.exact, NULL, NULL
        FROM credited c WHERE c.exact <> 0
        UNION ALL
        SELECT 6, c.kind, '', '', '', '', '', NULL, c.reason, 1, 1, 0, c.exact, c.id, c.at
        FROM corrected c, whole WHERE whole.exact >= 0 OR c.exact > 0
    ), rounded AS (
        SELECT lines.*, line_amount(lines.unit, lines.quantity, lines.unit_price, lines.exact, p_digits) AS amount
        FROM lines
    ), summed AS (
        SELECT sum(exact) AS exact, sum(amount) AS net FROM rounded
    ), shown AS (
        SELECT * FROM rounded
        UNION ALL
        SELECT 7, 'rounding', '', '', '', '', '', NULL, '', 0, 0, 0, 0, NULL, NULL, -net FROM summed
        WHERE net < 0 OR (exact = 0 AND net <> 0)
    )
    SELECT row_number() OVER (
               ORDER BY part, l.model, array_position(ARRAY['512', '1K', '2K', '4K'], l.image_size) NULLS FIRST,
                   array_position(ARRAY['text_input', 'image_input', 'video_input', 'cached_input', 'text_output',
                       'thought_output', 'image_output', 'search_query', 'included', 'absorbed'], l.kind) NULLS LAST, l.kind,
                   l.tier DESC, l.unit, l.unit_price, l.at, l.entry)::int,
           l.type, l.model, l.image_size, l.kind, l.tier, l.unit, l.unit_price, l.description, l.records, l.quantity,
           l.images, l.exact, l.amount, l.entry
    FROM shown l
    ORDER BY 1
$$;
