"""The whole platform behind PgBouncer, by TLS and in transaction mode: each transaction has another connection."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from cavendish.above.backup.programs import program
from cavendish.above.backup.tunnel import TLS_PLEASE, plain_conninfo, tls_context
from cavendish.boot.config import ConfigurationError
from cavendish.boot.startup import refuse_unnamed_pooler
from cavendish.db.address import database_settings, libpq_conninfo
from cavendish.up.ports import LOCAL
from cavendish.up.postgres import THROWAWAY
from cavendish.up.services import Services, open_data_dir
from cavendish.up.supervisor import Supervisor
from tests.services import Running
from tests.template import template_copy
from tests.up.certificates import certificate
from tests.up.pooler import PGBOUNCER, open_folder, pgbouncer

JOBS, AT_ONCE = 500, 20


@pytest.fixture(scope="module")
def behind() -> Iterator[Mapping[str, str]]:
    """The URLs of a migrated PostgreSQL with nothing else, which the pooler stands before."""
    if not PGBOUNCER:
        pytest.skip("There is no pgbouncer on this machine: pooling by transaction was not tried.")
    with open_folder("behind") as place:
        folders = open_data_dir(str(place))
        supervisor = Supervisor(folders.data_dir / "children.json", report=lambda line: None)
        template_copy(folders.data_dir)
        services = Services(folders, supervisor, {}, postgres_overrides=THROWAWAY)
        try:
            services.start()
            yield services.urls
        finally:
            supervisor.stop()


@pytest.fixture(scope="module")
def pooled(behind: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The URLs of the database, all but the owner's through the pooler."""
    with pgbouncer(behind) as through:
        yield through


def test_a_pooler_that_no_setting_names_is_refused(behind: Mapping[str, str], pooled: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_POOLER=transaction"):
        refuse_unnamed_pooler(pooled["DATABASE_URL"], named=False)
    refuse_unnamed_pooler(pooled["DATABASE_URL"], named=True)
    refuse_unnamed_pooler(behind["DATABASE_URL"], named=False)


def test_a_connection_is_verified_or_is_none(pooled: dict[str, str], tmp_path: Path) -> None:
    url = pooled["DATABASE_URL"]
    with psycopg.connect(libpq_conninfo(database_settings("DATABASE_URL", url))) as connection:
        assert connection.pgconn.ssl_in_use
    stranger = certificate(tmp_path, "stranger")
    foreign = url.partition("sslrootcert=")[0] + f"sslrootcert={stranger.file}"
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(libpq_conninfo(database_settings("DATABASE_URL", foreign)))


def test_a_program_without_tls_goes_through_a_tunnel_that_verifies(pooled: dict[str, str], tmp_path: Path) -> None:
    def ask(conninfo: str) -> subprocess.CompletedProcess[str]:
        command = [program("psql"), "--no-psqlrc", "--tuples-only", "--command=SELECT current_user", conninfo]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    url = pooled["DATABASE_URL"]
    assert "SSL support is not compiled in" in ask(url).stderr
    with psycopg.connect(url) as connection:
        with plain_conninfo(connection) as through:
            assert ask(through).stdout.strip() == "cavendish_app"
        assert "No such file or directory" in ask(through).stderr
        # The same server, and a certificate that is not its own.
        stranger = certificate(tmp_path, "stranger")
        asked = {"sslmode": "verify-full", "sslrootcert": str(stranger.file)}
        with socket.create_connection(_address(url)) as plain:
            plain.sendall(TLS_PLEASE)
            assert plain.recv(1) == b"S"
            with pytest.raises(ssl.SSLCertVerificationError):
                tls_context(asked).wrap_socket(plain, server_hostname=LOCAL)


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


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
                # Small ones: what is tried here costs the database as much, and the sandbox less to draw.
                size = {"type": "image", "image_size": "512"}
                body = {"model": "gemini-3.1-flash-image", "input": f"a cat, {number}", "response_format": size}
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
