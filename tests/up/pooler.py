"""Debian's PgBouncer in transaction mode, before a PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from cavendish.up.ports import LOCAL, free_port
from tests.crash.sites import until
from tests.up.certificates import certificate

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
POOLED = ("DATABASE_URL", "DATABASE_SYSTEM_URL", "DATABASE_OPERATOR_URL", "DATABASE_PEOPLE_URL")


@contextmanager
def pgbouncer(urls: Mapping[str, str], *, settings: str = "") -> Iterator[dict[str, str]]:
    """The URLs of a platform's database, by TLS that is verified, and all but the owner's through the pooler.

    `settings` are further lines of its configuration.
    """
    with open_folder("pgbouncer") as home:
        yield from _pgbouncer(home, urls, settings)


def _pgbouncer(home: Path, urls: Mapping[str, str], settings: str) -> Iterator[dict[str, str]]:
    assert PGBOUNCER
    port, proof = free_port(0), certificate(home, "pgbouncer")
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
logfile = {home}/log
client_tls_sslmode = allow
client_tls_cert_file = {proof.file}
client_tls_key_file = {proof.key}
{settings}
""")
    nobody = _unprivileged(home) if os.getuid() == 0 else None
    process = subprocess.Popen([PGBOUNCER, "-q", str(home / "pgbouncer.ini")], user=nobody)
    here, there = f"{server.hostname}:{server.port}", f"{LOCAL}:{port}"
    verified = f"?sslmode=verify-full&sslrootcert={proof.file}"
    through = {name: urls[name].partition("?")[0].replace(here, there) + verified for name in POOLED}
    through["DATABASE_OWNER_URL"] = urls["DATABASE_OWNER_URL"]
    try:
        until(lambda: _answers(through["DATABASE_URL"]))
        yield through
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def open_folder(name: str) -> Iterator[Path]:
    """A folder below /tmp itself, which other users can pass: any other pytest closes those of pytest to them."""
    place = Path(tempfile.mkdtemp(prefix=f"cavendish-{name}-"))
    place.chmod(0o711)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def _unprivileged(home: Path) -> int:
    """PgBouncer does not run as root. Returns the user that it runs as, who may read its folder."""
    nobody = pwd.getpwnam("nobody").pw_uid
    for place in (home, *home.iterdir()):
        os.chown(place, nobody, -1)
    return nobody


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
