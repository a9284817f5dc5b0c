-- A UUIDv7 (RFC 9562, section 5.7), as cavendish.db.ids makes them: PostgreSQL has one of its own only from 18 on. In
-- plpgsql, which keeps its plan.
CREATE OR REPLACE FUNCTION id_new() RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = public, pg_temp
AS $$ BEGIN
    RETURN encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid;
END $$;
