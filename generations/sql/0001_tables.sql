-- Terminal means terminal (I1), whoever writes.
CREATE FUNCTION generation_refuse_revival() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'Generation % has ended as %.', OLD.id, OLD.status USING ERRCODE = 'CV004'; END $$;
CREATE TRIGGER generation_terminal BEFORE UPDATE OF status ON generations_generation
    FOR EACH ROW WHEN (OLD.status IN ('succeeded', 'failed', 'canceled') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION generation_refuse_revival();
