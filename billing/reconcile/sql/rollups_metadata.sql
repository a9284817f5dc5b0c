-- The sums by a metadata key never exceed the whole.
WITH tagged AS (
    SELECT tenant_id, billing_date, livemode, key, model, image_size, kind, sum(records) AS records,
           sum(quantity) AS quantity, sum(images) AS images, sum(amount) AS amount, sum(cost) AS cost
    FROM billing_usagetagrollup
    WHERE (%(tenant)s::uuid IS NULL OR tenant_id = %(tenant)s) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3, 4, 5, 6, 7
), whole AS (
    SELECT tenant_id, billing_date, livemode, model, image_size, kind, sum(records) AS records, sum(quantity) AS quantity,
           sum(images) AS images, sum(amount) AS amount, sum(cost) AS cost
    FROM billing_usagerollup
    WHERE tenant_id IN (SELECT t.tenant_id FROM tagged t) AND billing_date >= %(first)s AND billing_date < %(end)s
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT tenant_id, concat_ws(' ', billing_date, CASE WHEN livemode THEN 'live' ELSE 'test' END, key, model, image_size, kind)
           AS subject,
       t.records, w.records AS of_records, t.quantity, w.quantity AS of_quantity, t.amount, w.amount AS of_amount
FROM tagged t LEFT JOIN whole w USING (tenant_id, billing_date, livemode, model, image_size, kind)
WHERE w.tenant_id IS NULL OR t.records > w.records OR t.quantity > w.quantity OR t.images > w.images
    OR abs(t.amount) > abs(w.amount) OR abs(t.cost) > abs(w.cost)
