-- A usage record names the model, size, key, member and attempt of its generation.
SELECT u.tenant_id, u.generation_id::text AS subject, u.kind, u.model, g.model AS job_model, u.image_size,
       g.image_size AS job_size, u.api_key_id, g.api_key_id AS job_key, u.member_id, g.member_id AS job_member, u.attempt,
       g.attempts AS job_attempt
FROM billing_usagerecord u
LEFT JOIN generations_generation g ON g.id = u.generation_id
WHERE (%(tenant)s::uuid IS NULL OR u.tenant_id = %(tenant)s) AND u.billing_date >= %(first)s AND u.billing_date < %(end)s
    AND (u.model, u.image_size, u.api_key_id, u.member_id, u.attempt, u.tenant_id, u.livemode)
        IS DISTINCT FROM (g.model, g.image_size, g.api_key_id, g.member_id, g.attempts, g.tenant_id, g.livemode)
