"""What an operator installs beside the platform, from Debian's packages and npm, each on a port of its own."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from cavendish.up.ports import LOCAL, accepts, free_port
from cavendish.up.valkey import valkey_program
from tests.crash.sites import until
from tests.services import ROOT
from tests.up.certificates import Certificate, certificate
from tests.up.pooler import open_folder

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
EPMD = shutil.which("epmd")
INITDB = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
ROLES = ("owner", "app", "system", "operator", "people")


@contextmanager
def _child(
    command: list[str], port: int, log: Path, *, seconds: float = 60, **options: object
) -> Iterator[subprocess.Popen[bytes]]:
    """A server until the block ends, which begins when its port takes connections."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)  # type: ignore[call-overload]
    try:
        until(lambda: accepts(LOCAL, port) or process.poll() is not None, seconds, command[0])
        assert process.poll() is None, log.read_text()[-3000:]
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class PostgreSQL:
    """A server that takes connections by TLS alone, with the roles of deploy/roles.sql."""

    port: int
    proof: Certificate
    passwords: Mapping[str, str]
    admin: str

    def url(self, role: str, database: str = "cavendish") -> str:
        login = f"cavendish_{role}:{self.passwords[role]}"
        return f"postgresql://{login}@{LOCAL}:{self.port}/{database}?sslmode=verify-full&sslrootcert={self.proof.file}"

    def urls(self, database: str = "cavendish") -> dict[str, str]:
        """The platform's settings for a database."""
        named = {f"DATABASE_{role.upper()}_URL": self.url(role, database) for role in ROLES if role != "app"}
        return {"DATABASE_URL": self.url("app", database), **named}

    def create(self, database: str) -> None:
        """A second database for the same roles, as roles.sql makes the first."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database} OWNER cavendish_owner ENCODING 'UTF8' TEMPLATE template0")
            others = ", ".join(f"cavendish_{role}" for role in ROLES if role != "owner")
            connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
            connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {others}")


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Debian's PostgreSQL with a certificate, after an administrator has run deploy/roles.sql."""
    with open_folder("postgresql") as home:
        yield from _postgresql(home)


def _postgresql(home: Path) -> Iterator[PostgreSQL]:
    assert INITDB
    user = "postgres" if os.getuid() == 0 else None
    port, proof, password = free_port(0), certificate(home, "postgresql"), secrets.token_hex(16)
    (home / "password").write_text(password)
    if user:
        for place in (home, *home.iterdir()):
            os.chown(place, pwd.getpwnam(user).pw_uid, -1)
    proof.key.chmod(0o600)
    data = home / "data"
    arguments = ["--auth=scram-sha-256", "--username=admin", "--encoding=UTF8", "--no-sync"]
    subprocess.run(
        [str(INITDB), *arguments, f"--pwfile={home}/password", str(data)],
        user=user, cwd=home, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    (data / "pg_hba.conf").write_text("hostssl all all all scram-sha-256\n")
    settings = {
        "port": str(port), "listen_addresses": LOCAL, "unix_socket_directories": "", "max_connections": "120",
        "ssl": "on", "ssl_cert_file": str(proof.file), "ssl_key_file": str(proof.key), "fsync": "off",
    }  # fmt: skip
    command = [str(INITDB.with_name("postgres")), "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    passwords = {role: secrets.token_hex(16) for role in ROLES}
    tls = f"sslmode=verify-full&sslrootcert={proof.file}"
    admin = f"postgresql://admin:{password}@{LOCAL}:{port}/postgres?{tls}"
    with _child(command, port, home / "log", user=user, cwd=home):
        until(lambda: _answers(admin), 30, "PostgreSQL")
        given = {f"{role.upper()}_PASSWORD": said for role, said in passwords.items()}
        psql = [str(INITDB.with_name("psql")), "--quiet", "--file", str(ROOT / "deploy" / "roles.sql"), admin]
        subprocess.run(psql, env={**os.environ, **given}, check=True, stdout=subprocess.DEVNULL)
        yield PostgreSQL(port, proof, passwords, admin)


def _answers(url: str) -> bool:
    with psycopg.connect(url):
        return True


class RabbitMQ:
    """Debian's RabbitMQ, with a login of ours and a port mapper of its own."""

    def __init__(self, home: Path) -> None:
        self._life = ExitStack()
        self.home, self.port = home, free_port(0)
        self._mapper, self._password = free_port(0), secrets.token_hex(16)
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {LOCAL}:{self.port}\ndefault_user = cavendish\ndefault_pass = {self._password}\n"
        )
        self.url = f"amqp://cavendish:{self._password}@{LOCAL}:{self.port}"
        self.environment = {
            **os.environ,
            "HOME": str(home),
            "ERL_EPMD_PORT": str(self._mapper),
            "ERL_EPMD_ADDRESS": LOCAL,
            "RABBITMQ_NODENAME": f"t{secrets.token_hex(4)}@localhost",
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_DIST_PORT": str(free_port(0)),
        }

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the block ends, lives in between included."""
        assert EPMD
        with _child([EPMD], self._mapper, self.home / "epmd.log", env=self.environment), self._life:
            self._start()
            yield

    def _start(self) -> None:
        child = _child([str(RABBITMQ)], self.port, self.home / "out", env=self.environment, seconds=120)
        self._process = self._life.enter_context(child)

    def kill(self) -> None:
        """As the kernel does when memory is short; another one starts at once."""
        server = psutil.Process(self._process.pid)
        processes = [*server.children(recursive=True), server]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes[:-1], 30)  # only then its port is free
        self._life.close()
        self._start()

    def empty(self) -> None:
        """Its queues are gone, with what was in them; connections stay."""
        program = RABBITMQ.with_name("rabbitmqctl")
        delete = '[rabbit_amqqueue:delete(Queue, false, false, <<"tests">>) || Queue <- rabbit_amqqueue:list()].'
        subprocess.run([str(program), "eval", delete], env=self.environment, check=True, capture_output=True)


@contextmanager
def rabbitmq(home: Path) -> Iterator[RabbitMQ]:
    server = RabbitMQ(home)
    with server.running():
        yield server


@contextmanager
def valkey(home: Path) -> Iterator[str]:
    """The URL of a Valkey with a password, which keeps nothing."""
    port, password = free_port(0), secrets.token_hex(16)
    (home / "valkey.conf").write_text(
        f'bind {LOCAL}\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\ndir {home}\n'
    )
    with _child([str(valkey_program()), str(home / "valkey.conf")], port, home / "valkey.log"):
        yield f"redis://:{password}@{LOCAL}:{port}/0"


@contextmanager
def sandbox(home: Path) -> Iterator[str]:
    """The URL of a sandbox, as its unit starts it."""
    port = free_port(0)
    command = [sys.executable, "-P", "-m", "cavendish.sandbox", "--port", str(port)]
    with _child(command, port, home / "log", env={**os.environ, "SANDBOX_STATE_DIR": str(home / "state")}):
        yield f"http://{LOCAL}:{port}"


def missing(programs: Mapping[str, object]) -> str:
    """What is not on this machine, by the names of Debian's packages."""
    return ", ".join(name for name, found in programs.items() if not found)
