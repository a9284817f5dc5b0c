-- The smallest id that can be made at that moment or later: a UUIDv7 begins with the milliseconds (cavendish.db.ids, first_at).
-- Before 1970 there are none.
CREATE OR REPLACE FUNCTION month_first_id(p_at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE SET search_path = public, pg_temp
AS $$ SELECT (lpad(to_hex(greatest((extract(epoch FROM p_at) * 1000)::bigint, 0)), 12, '0') || repeat('0', 20))::uuid $$;
