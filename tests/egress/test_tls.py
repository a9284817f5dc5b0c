"""HTTPS to a checked address: the certificate must still be that of the name."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cavendish.egress import EgressFailed, Guard, fetch
from tests.egress.conftest import Names


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate of pictures.example with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pictures.example")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("pictures.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"\x89PNG")

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that rejects the certificate

    server = Server(("127.0.0.1", 0), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def get(host: str, port: int, spool: Path, trust: ssl.SSLContext | None) -> bytes:
    names = Names({"pictures.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    guard = Guard(["127.0.0.0/8"], resolver=names)
    url = f"https://{host}:{port}/"
    fetched = fetch(url, spool=spool, max_bytes=100, accept=("image/",), timeout=5, guard=guard, tls=trust)
    return fetched.path.read_bytes()


def test_the_name_is_checked_although_the_connection_goes_to_an_address(
    port: int, certificate: Path, tmp_path: Path
) -> None:
    trust = ssl.create_default_context(cafile=str(certificate))

    assert get("pictures.example", port, tmp_path / "spool", trust) == b"\x89PNG"
    with pytest.raises(EgressFailed):
        get("other.example", port, tmp_path / "spool", trust)


def test_an_unknown_authority_is_not_trusted(port: int, tmp_path: Path) -> None:
    with pytest.raises(EgressFailed, match="could not be reached"):
        get("pictures.example", port, tmp_path / "spool", None)
