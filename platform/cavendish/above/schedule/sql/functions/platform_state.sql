-- How the whole platform stands, for the scheduler's metrics: a row for each figure, `label` tells those of one name apart.
-- Reads and locks nothing. Jobs that wait for their time (a pause, a backoff) are not in the queue yet.
CREATE OR REPLACE FUNCTION platform_state() RETURNS TABLE (name text, label text, value float8)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH tiers (label) AS (VALUES ('interactive'), ('batch')),
    queued AS (
        SELECT CASE g.priority WHEN 0 THEN 'interactive' ELSE 'batch' END AS label, count(*) AS jobs,
               extract(epoch FROM now() - min(g.run_after)) AS oldest
        FROM generations_generation g WHERE g.status = 'queued' AND g.run_after <= now() GROUP BY 1
    ), running AS (
        SELECT CASE g.priority WHEN 0 THEN 'interactive' ELSE 'batch' END AS label, count(*) AS jobs
        FROM generations_generation g WHERE g.status = 'running' GROUP BY 1
    ), workers AS (
        SELECT count(*) AS alive, sum((w.state->>'slots')::int) AS slots,
               count(*) FILTER (WHERE w.state->>'fault' <> '') AS faulty
        FROM generations_worker w WHERE w.expires_at > now()
    ), batches AS (
        SELECT count(*) AS open, sum(b.total - b.fed) AS waiting
        FROM generations_batch b WHERE b.status IN ('queued', 'running', 'canceling')
    ), mails AS (
        SELECT count(*) AS waiting, extract(epoch FROM now() - min(m.due_at)) AS oldest
        FROM mail_mail m WHERE m.status = 'queued' AND m.due_at <= now()
    )
    SELECT 'queue_jobs', t.label, coalesce(q.jobs, 0) FROM tiers t LEFT JOIN queued q ON q.label = t.label
    UNION ALL
    SELECT 'queue_oldest_seconds', t.label, coalesce(q.oldest, 0) FROM tiers t LEFT JOIN queued q ON q.label = t.label
    UNION ALL
    SELECT 'running_jobs', t.label, coalesce(r.jobs, 0) FROM tiers t LEFT JOIN running r ON r.label = t.label
    UNION ALL
    SELECT 'workers', '', w.alive FROM workers w
    UNION ALL
    SELECT 'workers_faulty', '', w.faulty FROM workers w
    UNION ALL
    SELECT 'capacity_jobs', '', coalesce(w.slots, 0) FROM workers w
    UNION ALL
    SELECT 'batches_open', '', b.open FROM batches b
    UNION ALL
    SELECT 'batch_items_waiting', '', coalesce(b.waiting, 0) FROM batches b
    UNION ALL
    SELECT 'mails_waiting', '', m.waiting FROM mails m
    UNION ALL
    SELECT 'mails_oldest_seconds', '', coalesce(m.oldest, 0) FROM mails m
    UNION ALL
    SELECT 'mails_failed', '', count(*) FROM mail_mail m WHERE m.status = 'failed'
    UNION ALL
    -- by the names of partitions, which end with year and month
    SELECT 'months_ahead', '', min(m.ahead) FROM (
        SELECT coalesce(max(12 * extract(year FROM p.month) + extract(month FROM p.month)), 0)
               - 12 * extract(year FROM now() AT TIME ZONE 'UTC') - extract(month FROM now() AT TIME ZONE 'UTC') AS ahead
        FROM pg_partitioned_table t
        LEFT JOIN LATERAL (
            SELECT to_date(substring(c.relname FROM '_(\d{6})$'), 'YYYYMM') AS month
            FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = t.partrelid) p ON true
        GROUP BY t.partrelid) m
    UNION ALL
    -- noted by manage.py backup (generations.upkeep.gauges)
    SELECT 'backup_age_seconds', '', coalesce((SELECT extract(epoch FROM now()) - p.last FROM generations_platformgauge p
                                               WHERE p.name = 'backup_at' ORDER BY p.hour DESC LIMIT 1), 'Infinity')
$$;
REVOKE ALL ON FUNCTION platform_state() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform_state() TO cavendish_system;
