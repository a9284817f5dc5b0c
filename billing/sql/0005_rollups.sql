ALTER TABLE billing_usagerollup DROP CONSTRAINT billing_usagerollup_pkey;
ALTER TABLE billing_usagerollup
    ADD CONSTRAINT billing_usagerollup_pkey PRIMARY KEY USING INDEX billing_usagerollup_by_member;

-- What ended before generations as such were counted: under the key and model of its usage, where it had any.
INSERT INTO billing_usagerollup (tenant_id, billing_date, hour, livemode, model, api_key_id, image_size, kind, records,
                                 quantity, flagged, amount, cost)
SELECT c.tenant_id, c.billing_date, date_trunc('hour', c.created_at, 'UTC'), c.livemode, coalesce(r.model, ''),
       coalesce(r.api_key_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.image_size, ''), 'request', 0, count(*),
       count(*) FILTER (WHERE c.flags <> '[]'), 0, sum(c.cost - coalesce(r.cost, 0))
FROM billing_charge c
LEFT JOIN (SELECT generation_id, min(model) AS model, (array_agg(api_key_id))[1] AS api_key_id,
                  min(image_size) AS image_size, sum(cost) AS cost
           FROM billing_usagerecord GROUP BY generation_id) r USING (generation_id)
GROUP BY 1, 2, 3, 4, 5, 6, 7;
