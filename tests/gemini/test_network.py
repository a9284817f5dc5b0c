from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import ssl
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cavendish.gemini.client import Unavailable, _wire
from cavendish.gemini.client._wire import READ_SIZE
from tests.gemini.helpers import BODY, client_of, picture_of, soon, until
from tests.gemini.raw import request, transport_of
from tests.gemini.upstream import Request, answer, interaction, upstream


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and self-signed certificate of 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio"), pytest.param(uvloop.new_event_loop, id="uvloop")]


@pytest.mark.parametrize("loop_factory", LOOPS)
def test_over_tls(loop_factory: object, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    content = os.urandom(3_000_000)

    async def call() -> None:
        async with (
            upstream(answer(interaction(content)), tls=server_side(certificate)) as server,
            client_of(server) as client,
        ):
            for number in range(3):
                answered = await client.create_interaction(BODY, spool=tmp_path / str(number), deadline=soon())
                assert picture_of(answered).path.read_bytes() == content
            assert server.connections == 1

    with asyncio.Runner(loop_factory=loop_factory) as runner:  # type: ignore[arg-type]
        runner.run(call())


async def test_a_certificate_that_nobody_vouches_for(certificate: Path, tmp_path: Path) -> None:
    async with (
        upstream(answer(interaction()), tls=server_side(certificate)) as server,
        client_of(server) as client,
    ):
        with pytest.raises(Unavailable) as caught:
            await client.create_interaction(BODY, spool=tmp_path, deadline=soon(), max_tries=1)

    assert caught.value.code == "no_connection"
    assert server.requests == []


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("loop_factory", LOOPS)
def test_a_slow_reader_makes_the_sender_wait(
    loop_factory: object, tls: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I10: what was not read yet stays with the sender, in the kernel at most."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    written = 0

    async def send(request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1000):
            writer.write(bytes(100_000))
            await writer.drain()
            written += 100_000

    async def call() -> None:
        side = server_side(certificate) if tls else None
        async with upstream(send, tls=side) as server, transport_of() as transport:
            response: Any = await transport.handle_async_request(request(server.url))
            stream = response.aiter_raw()
            taken = len(await anext(stream))
            await asyncio.sleep(0.3)
            held = sum(len(piece) for piece in response.stream._wire.waiting)
            assert 0 < taken + held <= 2 * READ_SIZE
            assert written < 50_000_000
            await response.aclose()

    with asyncio.Runner(loop_factory=loop_factory) as runner:  # type: ignore[arg-type]
        runner.run(call())


@pytest.mark.parametrize("loop_factory", LOOPS)
def test_answers_that_come_at_once_wait_in_their_sockets(loop_factory: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """I10: what many connections hold together has a limit, too, beyond which each holds little."""
    monkeypatch.setattr(_wire, "MOST_WAITING", 200_000)
    monkeypatch.setattr(_wire, "SMALL_READ", 4096)
    count, size, most = 24, 2_000_000, 0

    async def send(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % size)
        await writer.drain()
        writer.write(bytes(size))
        await writer.drain()

    def cut(landing: _wire.Landing, nbytes: int) -> list[bytes]:
        nonlocal most
        pieces = landed(landing, nbytes)
        most = max(most, landing.waiting)
        return pieces

    landed = _wire.Landing.cut
    monkeypatch.setattr(_wire.Landing, "cut", cut)

    async def call() -> None:
        async with upstream(send) as server, transport_of() as transport:
            answers = [await transport.handle_async_request(request(server.url)) for _ in range(count)]
            await asyncio.sleep(0.3)  # each socket holds what it can, so all of them are ready at once
            got = await asyncio.gather(*(response.aread() for response in answers))
            assert [len(body) for body in got] == [size] * count
            assert transport._landing.waiting == 0

    with asyncio.Runner(loop_factory=loop_factory) as runner:  # type: ignore[arg-type]
        runner.run(call())
    limit = _wire.MOST_WAITING + READ_SIZE + count * _wire.SMALL_READ
    assert _wire.MOST_WAITING < most <= limit


async def test_a_connection_that_the_peer_closed_is_not_used_again(tmp_path: Path) -> None:
    async def once(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(interaction()))
        await writer.drain()
        writer.close()

    async with upstream(once) as server, client_of(server) as client:
        for number in range(3):
            await client.create_interaction(BODY, spool=tmp_path / str(number), deadline=soon(), max_tries=1)
            await until(lambda: server.in_flight == 0)

    assert server.connections == 3
