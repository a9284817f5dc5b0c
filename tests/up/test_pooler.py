"""The whole platform behind PgBouncer, by TLS and in transaction mode: each transaction has another connection."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import psycopg
import pytest

from cavendish.boot.config import ConfigurationError
from cavendish.boot.startup import refuse_unnamed_pooler
from cavendish.db.address import database_settings, libpq_conninfo
from cavendish.up.ports import LOCAL, free_port
from tests.races import until
from tests.services import Running
from tests.up.certificates import certificate

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
POOLED = ("DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_OPERATOR_URL", "DATABASE_PEOPLE_URL")
JOBS, AT_ONCE = 500, 20


@pytest.fixture(scope="module")
def behind() -> Iterator[Running]:
    """A platform without workers, whose PostgreSQL the pooler stands before."""
    if not PGBOUNCER:
        pytest.skip("There is no pgbouncer on this machine: pooling by transaction was not tried.")
    running = Running({"WORKERS": "0"})
    yield running
    running.remove()


@pytest.fixture(scope="module")
def pooled(behind: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URLs of the platform's database, all but the owner's through the pooler."""
    assert PGBOUNCER
    urls: dict[str, str] = json.loads((behind.data_dir / "connection.json").read_text())
    port = free_port(0)
    home = tmp_path_factory.mktemp("pgbouncer")
    proof = certificate(home)
    server = urlsplit(urls["DATABASE_URL"])
    logins = [urlsplit(urls[name]) for name in POOLED]
    lines = [f'"{unquote(login.username or "")}" "{unquote(login.password or "")}"\n' for login in logins]
    (home / "users.txt").write_text("".join(lines))
    (home / "pgbouncer.ini").write_text(f"""[databases]
* = host={server.hostname} port={server.port}
[pgbouncer]
listen_addr = {LOCAL}
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {home}/users.txt
pool_mode = transaction
default_pool_size = 8
max_client_conn = 400
client_tls_sslmode = allow
client_tls_cert_file = {proof.file}
client_tls_key_file = {proof.key}
""")
    nobody = _unprivileged(home) if os.getuid() == 0 else None
    process = subprocess.Popen([PGBOUNCER, "-q", str(home / "pgbouncer.ini")], user=nobody)
    here, there = f"{server.hostname}:{server.port}", f"{LOCAL}:{port}"
    verified = f"?sslmode=verify-full&sslrootcert={proof.file}"
    through = {name: urls[name].replace(here, there) + verified for name in POOLED}
    through["DATABASE_OWNER_URL"] = urls["DATABASE_OWNER_URL"]
    until(lambda: _answers(through["DATABASE_URL"]))
    yield through
    process.terminate()
    process.wait(10)


def _unprivileged(home: Path) -> int:
    """PgBouncer does not run as root. Returns the user that it runs as, who may read its folder."""
    nobody = pwd.getpwnam("nobody").pw_uid
    for place in (home, *home.iterdir()):
        os.chown(place, nobody, -1)
    for place in home.parents:
        if len(place.parts) > 2:
            place.chmod(place.stat().st_mode | 0o011)
    return nobody


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_pooler_that_no_setting_names_is_refused(behind: Running, pooled: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_POOLER=transaction"):
        refuse_unnamed_pooler(pooled["DATABASE_URL"], named=False)
    refuse_unnamed_pooler(pooled["DATABASE_URL"], named=True)
    direct = json.loads((behind.data_dir / "connection.json").read_text())["DATABASE_URL"]
    refuse_unnamed_pooler(direct, named=False)


def test_a_connection_is_verified_or_is_none(pooled: dict[str, str], tmp_path: Path) -> None:
    url = pooled["DATABASE_URL"]
    with psycopg.connect(libpq_conninfo(database_settings("DATABASE_URL", url))) as connection:
        assert connection.pgconn.ssl_in_use
    stranger = certificate(tmp_path, "stranger")
    foreign = url.partition("sslrootcert=")[0] + f"sslrootcert={stranger.file}"
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(libpq_conninfo(database_settings("DATABASE_URL", foreign)))


def test_five_hundred_jobs_run_behind_it_and_the_books_agree(pooled: dict[str, str]) -> None:
    running = Running({**pooled, "DATABASE_POOLER": "transaction", "WORKERS": "2"})
    try:
        tenant = running.ready["tenants"][0]
        with (
            httpx.Client(
                base_url=running.url, headers={"Authorization": f"Bearer {tenant['api_key']}"}, timeout=60
            ) as client,
            ThreadPoolExecutor(AT_ONCE) as threads,
        ):

            def job(number: int) -> str:
                body = {"model": "gemini-3.1-flash-lite-image", "input": f"a cat, {number}"}
                answer = client.post("/api/v1/generations", json=body, headers={"Prefer": "wait=55"})
                assert answer.status_code in {200, 202}, answer.text
                return str(answer.json()["status"])

            assert set(threads.map(job, range(JOBS))) == {"succeeded"}
        assert "Nothing differs" in running.manage("reconcile")
        logs = "".join(path.read_text() for path in (running.data_dir / "logs").glob("w*.log"))
        for trouble in ("PreparedStatement", "InvalidSqlStatementName", "cannot be booked"):
            assert trouble not in logs
    finally:
        running.remove()
