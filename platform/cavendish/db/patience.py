"""SQL of a migration that keeps jobs out of a table for a moment, and waits for it without keeping them out."""

from __future__ import annotations

TRIES = 600


def patiently(tables: str, statement: str) -> str:
    """Returns a block that runs a statement with the tables locked, all of them or none while it waits.

    Jobs lock tables in more than one order, so whoever holds one and waits for another may wait for a job that waits
    for the first. `tables` is a list as LOCK TABLE takes it, `statement` one or more without parameters. Raises
    `lock_not_available` after about a minute.
    """
    return f"""
        DO $patiently$
        BEGIN
            PERFORM set_config('lock_timeout', '100ms', true);
            FOR attempt IN 1 .. {TRIES} LOOP
                BEGIN
                    LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
                    EXIT;
                EXCEPTION WHEN lock_not_available THEN
                    IF attempt = {TRIES} THEN
                        RAISE;
                    END IF;
                    PERFORM pg_sleep(0.1 * random());
                END;
            END LOOP;
            {statement};
        END $patiently$
        """
