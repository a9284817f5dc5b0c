-- The counts of a batch are what its items say, each item in progress is a generation that has not ended, each other one is
-- none or one that has, and a batch has ended with its last item.
SELECT b.tenant_id, b.id::text AS subject, b.status AS batch, b.total, b.fed, i.items, i.waiting, i.in_progress, i.strange
FROM generations_batch b
LEFT JOIN LATERAL (
    SELECT count(*) AS items, count(*) FILTER (WHERE i.status = 'waiting') AS waiting,
           count(*) FILTER (WHERE i.status = 'in_progress') AS in_progress,
           count(*) FILTER (WHERE i.status = 'succeeded') AS succeeded, count(*) FILTER (WHERE i.status = 'failed') AS failed,
           count(*) FILTER (WHERE i.status = 'canceled') AS canceled, count(*) FILTER (WHERE i.status = 'expired') AS expired,
           count(*) FILTER (WHERE (i.status = 'in_progress') IS DISTINCT FROM (g.status IN ('queued', 'running'))
                            AND (g.id IS NOT NULL OR i.status = 'in_progress')) AS strange
    FROM generations_batchitem i LEFT JOIN generations_generation g ON g.id = i.generation_id
    WHERE i.batch_id = b.id) i ON true
WHERE (%(tenant)s::uuid IS NULL OR b.tenant_id = %(tenant)s) AND b.deleted_at IS NULL AND coalesce(b.finished_at, 'infinity') >= %(since)s::timestamptz
    AND ((i.items, i.waiting, i.in_progress, i.succeeded, i.failed, i.canceled, i.expired)
            IS DISTINCT FROM (b.total, b.total - b.fed, b.fed - b.succeeded - b.failed - b.canceled - b.expired,
                              b.succeeded, b.failed, b.canceled, b.expired)
         OR i.strange > 0
         OR (b.finished_at IS NOT NULL) <> (i.waiting + i.in_progress = 0))
