-- How long the latest generations of a model and size took from their start to their end, the middle one of up to 50, in
-- seconds; NULL where none has succeeded within a week. All tenants' together: a figure of the model, of nobody's jobs.
CREATE OR REPLACE FUNCTION generation_seconds(p_model text, p_size text) RETURNS float8
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.finished_at - d.started_at)::float8)
    FROM (SELECT finished_at, started_at FROM generations_generation
          WHERE status = 'succeeded' AND model = p_model AND image_size = p_size AND finished_at > now() - interval '7 days'
          ORDER BY finished_at DESC LIMIT 50) d
$$;
REVOKE ALL ON FUNCTION generation_seconds(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION generation_seconds(text, text) TO cavendish_app;
