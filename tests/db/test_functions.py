"""SQL functions are code: what the files say is what the database has, after every migrate."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError

from cavendish.db.functions import COMMENT, function_files, function_names, functions_load
from tests.walls.catalog import connected, rows


@pytest.fixture(autouse=True)
def _as_before() -> Any:
    yield
    functions_load("owner")
    assert "probe" not in functions()


def functions() -> dict[str, tuple[str, str]]:
    """{name: (signature, comment)} of what the owner has in the schema."""
    return {
        name: (signature, comment or "")
        for name, signature, comment in rows(
            "owner",
            """SELECT proname, oid::regprocedure::text, obj_description(oid, 'pg_proc') FROM pg_proc
               WHERE pronamespace = 'public'::regnamespace""",
        )
    }


def file(folder: Path, text: str, name: str = "probe") -> Path:
    path = folder / "probes" / "sql" / "functions" / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def load(*more: Path) -> None:
    functions_load("owner", [*function_files(), *more])


def test_each_file_defines_one_function_and_is_named_as_it() -> None:
    for path in function_files():
        assert re.findall(r"^CREATE OR REPLACE FUNCTION (\w+)\(", path.read_text(), re.MULTILINE) == [path.stem]
        assert "DROP FUNCTION" not in path.read_text(), "needless: functions_load makes anew what cannot be replaced"
    assert len(function_names()) == len(list(function_files())) > 50


def test_the_database_has_what_the_files_define_and_says_from_where() -> None:
    there = functions()
    assert function_names() <= set(there)
    for path in function_files():
        assert there[path.stem][1] == f"{COMMENT}{path.parent.parent.parent.name}/sql/functions/{path.name}"
    assert len(there) == len(set(there)), "a function has two signatures"


def test_loading_again_changes_nothing_and_takes_no_time() -> None:
    query = """SELECT oid, proname, prosrc, proacl::text FROM pg_proc
               WHERE pronamespace = 'public'::regnamespace ORDER BY 1"""
    before = rows("owner", query)
    took = []
    for _ in range(3):
        began = time.monotonic()
        functions_load("owner")
        took.append(time.monotonic() - began)
    assert rows("owner", query) == before
    assert min(took) < 1


def test_a_function_whose_file_is_gone_is_dropped(tmp_path: Path) -> None:
    load(file(tmp_path, "CREATE OR REPLACE FUNCTION probe(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$"))
    assert functions()["probe"] == ("probe(integer)", f"{COMMENT}probes/sql/functions/probe.sql")
    load()
    assert "probe" not in functions()


def test_a_changed_signature_leaves_no_second_function_behind(tmp_path: Path) -> None:
    load(file(tmp_path, "CREATE OR REPLACE FUNCTION probe(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$"))
    load(file(tmp_path, "CREATE OR REPLACE FUNCTION probe(a text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$"))
    assert rows("owner", "SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'probe'") == [("probe(text)",)]


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("(a int) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$", "x"),
        ("(b int) RETURNS int LANGUAGE sql AS $$ SELECT b + 1 $$", "8"),
        ("(a int, OUT b int, OUT c int) LANGUAGE sql AS $$ SELECT a, a $$", "(7,7)"),
    ],
)
def test_what_cannot_be_replaced_is_made_anew(tmp_path: Path, changed: str, value: str) -> None:
    load(file(tmp_path, "CREATE OR REPLACE FUNCTION probe(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$"))
    load(file(tmp_path, f"CREATE OR REPLACE FUNCTION probe{changed}"))
    assert rows("owner", "SELECT probe(7)::text") == [(value,)]


def test_a_strangers_function_and_those_of_triggers_stay() -> None:
    before = set(functions())
    with connected("owner") as connection:
        connection.execute("CREATE FUNCTION probe(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$")
        connection.commit()
    functions_load("owner")
    assert set(functions()) - before == {"probe"}
    assert {"ledger_refuse_change", "budgets_follow_time_zone"} <= before
    with connected("owner") as connection:
        connection.execute("DROP FUNCTION probe(int)")
        connection.commit()


def test_what_somebody_built_on_a_function_keeps_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    load(file(tmp_path, "CREATE OR REPLACE FUNCTION probe(a int) RETURNS int LANGUAGE sql AS $$ SELECT a $$"))
    with connected("owner") as connection:
        connection.execute("CREATE VIEW probe_view AS SELECT probe(1)")
        connection.commit()
    try:
        functions_load("owner")
        assert "probe" in functions()
        assert "probe(integer) has no file any more but stays: DependentObjectsStillExist" in caplog.text
    finally:
        with connected("owner") as connection:
            connection.execute("DROP VIEW probe_view")
            connection.commit()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("RETURNS int LANGUAGE sql AS $$ SELECT nothing FROM accounts_tenant $$", "nothing"),
        ("RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM accounts_tenent $$", "accounts_tenent"),
        ("RETURNS void LANGUAGE sql AS $$ SELECT evnt_add(NULL, NULL, '', NULL) $$", "evnt_add"),
        ("RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETRUN 1; END $$", "RETRUN"),
        ("RETURNS int LANGUAGE plpgsql AS $$ BEGIN x := 1; RETURN 1; END $$", "x"),
    ],
)
def test_a_typo_fails_when_it_is_loaded_and_changes_nothing(tmp_path: Path, text: str, message: str) -> None:
    before = functions()
    with pytest.raises(DatabaseError, match=message):
        load(file(tmp_path, f"CREATE OR REPLACE FUNCTION probe() {text}"))
    assert functions() == before


def test_no_function_names_a_table_or_a_function_that_does_not_exist() -> None:
    """PostgreSQL looks at names in the bodies of plpgsql only when they run."""
    tables = {name for (name,) in rows("owner", "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'S')")}
    columns = {"billing_timezone", "billing_date", "billing_usagerecord_"}  # the last begins the names of partitions
    known = {name for (name,) in rows("owner", "SELECT DISTINCT proname FROM pg_proc")}
    for path in function_files():
        text = re.sub(r"--[^\n]*", "", path.read_text())
        named = set(re.findall(r"\b(?:accounts|billing|generations|events|mail)_\w+\b", text))
        assert named <= tables | columns | function_names(), path.name
        performed = set(re.findall(r"\b(?:PERFORM|:=)\s+(\w+)\(", text))
        assert performed <= known | {"coalesce", "greatest", "least", "nullif"}, path.name
