-- Drafts the invoices of a month for every tenant for which it is over, or for one tenant; sums up again drafts that are
-- older than p_stale. Idempotent, and set-based: the work is a few statements whatever the number of tenants.
-- p_digits: {currency: places of its minor unit}. p_empty: also for months in which nothing was used.
-- Returns how many it drafted or summed up again. Only one runs at a time; another call meanwhile has nothing to do.
--
-- Where the set fails, each is done by itself: a draft that cannot be summed up says why (`failure`) and is tried again
-- after p_stale, a tenant whose zone cannot be read stands in the log, and all others have theirs. For one tenant what is
-- wrong is raised.
CREATE OR REPLACE FUNCTION invoice_draft(p_month date, p_now timestamptz, p_stale interval, p_digits jsonb,
    p_empty boolean, p_tenant uuid) RETURNS int
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    fresh uuid[] := '{}';
    stale uuid[];
    one uuid;
    done int;
BEGIN
    IF p_tenant IS NULL AND NOT pg_try_advisory_xact_lock(hashtext('invoice_draft')) THEN
        RETURN 0;
    END IF;
    BEGIN
        fresh := invoice_open(p_month, p_now, p_digits, p_empty, p_tenant);
    EXCEPTION WHEN OTHERS THEN
        IF p_tenant IS NOT NULL THEN
            RAISE;
        END IF;
        FOR one IN SELECT id FROM accounts_tenant ORDER BY id LOOP
            BEGIN
                fresh := fresh || invoice_open(p_month, p_now, p_digits, p_empty, one);
            EXCEPTION WHEN OTHERS THEN
                RAISE WARNING 'No invoice of % can be drafted for tenant %: %', p_month, one, SQLERRM;
            END;
        END LOOP;
    END;

    SELECT coalesce(array_agg(i.id), '{}') INTO stale FROM (
        SELECT id FROM billing_invoice
        WHERE month = p_month AND status = 'draft' AND NOT id = ANY (fresh)
            AND greatest(refreshed_at, failed_at) <= now() - p_stale AND (p_tenant IS NULL OR tenant_id = p_tenant)
        ORDER BY id FOR UPDATE SKIP LOCKED) i;
    done := cardinality(fresh || stale);
    BEGIN
        PERFORM invoice_fill(fresh || stale);
    EXCEPTION WHEN OTHERS THEN
        IF p_tenant IS NOT NULL THEN
            RAISE;
        END IF;
        FOREACH one IN ARRAY fresh || stale LOOP
            BEGIN
                PERFORM invoice_fill(ARRAY[one]);
            EXCEPTION WHEN OTHERS THEN
                UPDATE billing_invoice SET failure = left(SQLERRM, 300), failed_at = now() WHERE id = one;
                done := done - 1;
            END;
        END LOOP;
    END;
    RETURN done;
END $$;
