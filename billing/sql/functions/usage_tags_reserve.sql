-- The tags of a generation that are summed, {key: value}: the metadata under the keys that the tenant chose. A month has
-- a hundred values of each key; what comes after them is "(other)", so that sums stay few whatever a client writes.
-- NULL when there is nothing to sum.
CREATE OR REPLACE FUNCTION usage_tags_reserve(p_tenant uuid, p_livemode boolean, p_billed date, p_metadata jsonb)
RETURNS jsonb
LANGUAGE plpgsql SET search_path = public, pg_temp
AS $$
DECLARE
    values_per_month CONSTANT int := 100;
    the_month date := date_trunc('month', p_billed)::date;
    tag record;
    many int;
    known int;
    taken jsonb;
BEGIN
    FOR tag IN
        SELECT t.key, left(m.value, 200) AS value FROM billing_usagetag t JOIN jsonb_each_text(p_metadata) m USING (key)
        WHERE t.tenant_id = p_tenant ORDER BY t.key
    LOOP
        SELECT count(*), count(*) FILTER (WHERE v.value = tag.value) INTO many, known FROM billing_usagetagvalue v
        WHERE v.tenant_id = p_tenant AND v.month = the_month AND v.livemode = p_livemode AND v.key = tag.key;
        IF known = 0 AND many < values_per_month THEN
            -- Two jobs that bring the hundredth value at once: one counts after the other has committed. Taken before any
            -- row that jobs share, so nobody who holds such a row waits here.
            PERFORM pg_advisory_xact_lock(hashtextextended('usage_tags:' || p_tenant::text, 0));
            INSERT INTO billing_usagetagvalue (tenant_id, month, livemode, key, value)
            SELECT p_tenant, the_month, p_livemode, tag.key, tag.value
            WHERE (SELECT count(*) FROM billing_usagetagvalue v WHERE v.tenant_id = p_tenant AND v.month = the_month
                       AND v.livemode = p_livemode AND v.key = tag.key) < values_per_month
            ON CONFLICT DO NOTHING;
            SELECT count(*) INTO known FROM billing_usagetagvalue v
            WHERE v.tenant_id = p_tenant AND v.month = the_month AND v.livemode = p_livemode AND v.key = tag.key
                AND v.value = tag.value;
        END IF;
        IF known = 0 THEN
            tag.value := '(other)';
        END IF;
        taken := coalesce(taken, '{}') || jsonb_build_object(tag.key, tag.value);
    END LOOP;
    RETURN taken;
END $$;
