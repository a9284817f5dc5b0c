-- What is counted as stored by a tenant is the sum of its outputs, the smaller pictures of them, files, unfinished uploads and inputs of
-- batches.
SELECT t.id AS tenant_id, t.slug AS subject, coalesce(u.bytes, 0) AS counted, s.stored
FROM accounts_tenant t
LEFT JOIN accounts_storageuse u ON u.tenant_id = t.id
CROSS JOIN LATERAL (
    SELECT (SELECT coalesce(sum(o.bytes), 0) FROM generations_output o WHERE o.tenant_id = t.id)
         + (SELECT coalesce(sum(d.bytes), 0) FROM generations_derivative d WHERE d.tenant_id = t.id)
         + (SELECT coalesce(sum(f.bytes), 0) FROM generations_file f WHERE f.tenant_id = t.id AND f.deleted_at IS NULL)
         + (SELECT coalesce(sum(p.bytes), 0) FROM generations_upload p WHERE p.tenant_id = t.id)
         + (SELECT coalesce(sum(b.input_bytes), 0) FROM generations_batch b WHERE b.tenant_id = t.id) AS stored) s
WHERE (%(tenant)s::uuid IS NULL OR t.id = %(tenant)s) AND coalesce(u.bytes, 0) <> s.stored
