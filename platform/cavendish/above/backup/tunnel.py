"""A way to a server that takes TLS alone, for programs that know no TLS.

PostgreSQL's programs in the wheel are built without it, and those of the system may be older than the server. So they
talk to a socket in a folder of ours, and what they say goes on by TLS, with the server verified as the URL says.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PORT = 5432
"""A part of the socket's name, no more."""
TLS_PLEASE = bytes.fromhex("0000000804d2162f")
"""PostgreSQL's SSLRequest: its length, and the number that stands for it."""
BOUND = b"SCRAM-SHA-256-PLUS\0"
CHUNK = 64 * 1024
SECONDS = 10
VERIFIED = ("verify-ca", "verify-full")


@contextlib.contextmanager
def plain_conninfo(connection: psycopg.Connection) -> Iterator[str]:
    """Yields how a program without TLS reaches the server and database of a connection, while the block runs."""
    if not connection.pgconn.ssl_in_use:
        yield _conninfo(connection)
        return
    parameters = {name: str(value) for name, value in conninfo_to_dict(_conninfo(connection)).items()}
    # Mode 0700: nobody else on this machine can enter.
    folder = Path(tempfile.mkdtemp(prefix="cavendish-tunnel-"))
    address = (connection.info.hostaddr or connection.info.host, connection.info.port)
    tunnel = _Tunnel(folder / f".s.PGSQL.{PORT}", address, connection.info.host, tls_context(parameters))
    tunnel.start()
    kept = {name: value for name, value in parameters.items() if not name.startswith("ssl") and name != "hostaddr"}
    try:
        yield make_conninfo("", **{**kept, "host": str(folder), "port": str(PORT), "sslmode": "disable"})
    finally:
        tunnel.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _conninfo(connection: psycopg.Connection) -> str:
    """Returns what the connection was made with, its password included, and of several hosts the one that it has."""
    info = connection.info
    asked = {name: value for name, value in info.get_parameters().items() if name != "target_session_attrs"}
    chosen = {"host": info.host, "port": str(info.port), "password": info.password}
    if info.hostaddr and "hostaddr" in asked:
        chosen["hostaddr"] = info.hostaddr
    return make_conninfo("", **{**asked, **{name: value for name, value in chosen.items() if value}})


def tls_context(parameters: Mapping[str, str]) -> ssl.SSLContext:
    """Returns what libpq would verify with these parameters."""
    mode, root = parameters.get("sslmode", "prefer"), parameters.get("sslrootcert", "")
    file = Path(root).expanduser() if root else Path("~/.postgresql/root.crt").expanduser()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full" or root == "system"
    # As libpq does: `require` verifies where there is something to verify with.
    context.verify_mode = ssl.CERT_REQUIRED if mode in VERIFIED or root or file.exists() else ssl.CERT_NONE
    if root == "system":
        context.load_default_certs()
    elif context.verify_mode == ssl.CERT_REQUIRED:
        context.load_verify_locations(cafile=str(file))
    if certificate := parameters.get("sslcert"):
        context.load_cert_chain(certificate, parameters.get("sslkey"), parameters.get("sslpassword", ""))
    return context


class _Tunnel(threading.Thread):
    """Takes connections at a socket of this machine and goes on with each by TLS."""

    def __init__(self, path: Path, address: tuple[str, int], name: str, context: ssl.SSLContext) -> None:
        super().__init__(name="backup-tunnel", daemon=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._address, self._name, self._context = address, name, context

    def run(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # stopped
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def stop(self) -> None:
        # A thread that waits in accept() does not see that its socket is closed.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join(SECONDS)

    def _serve(self, near: socket.socket) -> None:
        with near:
            try:
                far = self._far()
            except OSError:
                return  # the program says that the server closed the connection
            with far:
                there = threading.Thread(target=_pump, args=(near, far), daemon=True)
                there.start()
                with contextlib.suppress(OSError):
                    _pass_welcome(far, near)
                _pump(far, near)
                there.join()

    def _far(self) -> ssl.SSLSocket:
        plain = socket.create_connection(self._address, timeout=SECONDS)
        try:
            plain.sendall(TLS_PLEASE)
            if plain.recv(1) != b"S":
                raise ConnectionError("The server takes no TLS.")
            far = self._context.wrap_socket(plain, server_hostname=self._name)
        except OSError:
            plain.close()
            raise
        far.settimeout(None)
        return far


def _pass_welcome(far: socket.socket, near: socket.socket) -> None:
    """Passes on the server's messages up to the one that says how to log in, without what binds the login to TLS.

    A program without TLS takes an offer to bind to it for an attack. What TLS protects is the tunnel's matter.
    """
    kind = b""
    while kind not in (b"R", b"E"):
        head = _exactly(far, 5)
        kind, body = head[:1], _exactly(far, int.from_bytes(head[1:]) - 4)
        if kind == b"R":
            body = body.replace(BOUND, b"")
        near.sendall(kind + (len(body) + 4).to_bytes(4) + body)


def _exactly(source: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        chunk = source.recv(length - len(found))
        if not chunk:
            raise ConnectionError("The server ended the connection.")
        found += chunk
    return found


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Passes on what comes until nothing does, and then ends both."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
