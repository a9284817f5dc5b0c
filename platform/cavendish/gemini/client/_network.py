"""Sockets for httpcore that buffer little: the loop stops reading as soon as one read waits to be consumed.

httpcore's own backend only stops reading when its task runs again. uvloop reads a socket up to 32 times before that:
16 responses of 24 MB at once grew the process by 106 MB; here it is 14 MB.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

import httpcore

READ_SIZE = 256 * 1024

# httpcore reads 64 KiB at a time and takes no parameter for it; larger reads halve the cost of a picture.
httpcore.AsyncHTTP11Connection.READ_NUM_BYTES = READ_SIZE


class Network(httpcore.AsyncNetworkBackend):
    """httpcore's network backend for asyncio and uvloop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                transport, protocol = await loop.create_connection(
                    _Protocol, host, port, local_addr=(local_address, 0) if local_address else None
                )
        except TimeoutError:
            raise httpcore.ConnectTimeout from None
        except OSError as error:
            raise httpcore.ConnectError(type(error).__name__) from None
        return _Stream(transport, protocol)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Protocol(asyncio.Protocol):
    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.waiting: deque[bytes] = deque()
        self._paused = False
        self.ended = False
        self.error: Exception | None = None
        self.readable = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.waiting.append(data)
        self.readable.set()
        if self.transport is not None and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def take(self) -> bytes:
        data = self.waiting.popleft()
        if not self.waiting and not self.ended:
            self.readable.clear()
            if self._paused and self.transport is not None and not self.transport.is_closing():
                self._paused = False
                self.transport.resume_reading()
        return data

    def eof_received(self) -> bool | None:
        self.ended = True
        self.readable.set()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        self.error = exc
        self.readable.set()
        self.writable.set()

    def pause_writing(self) -> None:
        self.writable.clear()

    def resume_writing(self) -> None:
        self.writable.set()


class _Stream(httpcore.AsyncNetworkStream):
    def __init__(self, transport: asyncio.Transport, protocol: _Protocol) -> None:
        self._transport = transport
        self._protocol = protocol

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        protocol = self._protocol
        if not protocol.waiting and not protocol.ended:
            try:
                async with asyncio.timeout(timeout):
                    await protocol.readable.wait()
            except TimeoutError:
                raise httpcore.ReadTimeout from None
        if protocol.waiting:
            return protocol.take()
        if protocol.error is not None:
            raise httpcore.ReadError(type(protocol.error).__name__)
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._protocol.ended or self._transport.is_closing():
            raise httpcore.WriteError("closed")
        self._transport.write(buffer)
        if not self._protocol.writable.is_set():
            try:
                async with asyncio.timeout(timeout):
                    await self._protocol.writable.wait()
            except TimeoutError:
                raise httpcore.WriteTimeout from None
        if self._protocol.error is not None:
            raise httpcore.WriteError(type(self._protocol.error).__name__)

    async def aclose(self) -> None:
        # Nobody will read the rest, so no orderly end is needed; close() would wait for a peer that hangs.
        self._transport.abort()
        await asyncio.sleep(0)  # abort() only begins: the loop closes the socket in its next round

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                transport = await loop.start_tls(
                    self._transport, self._protocol, ssl_context, server_hostname=server_hostname
                )
        except TimeoutError:
            self._transport.abort()
            raise httpcore.ConnectTimeout from None
        except (OSError, ssl.SSLError) as error:
            self._transport.abort()
            raise httpcore.ConnectError(type(error).__name__) from None
        if transport is None:
            raise httpcore.ConnectError("closed")
        self._protocol.transport = transport
        return _Stream(transport, self._protocol)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of an idle connection: anything to read means that the peer closed it
            return self._protocol.ended or bool(self._protocol.waiting) or self._socket_is_readable()
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))

    def _socket_is_readable(self) -> bool:
        # The loop may not have seen the end yet.
        with suppress(OSError, ValueError, AttributeError):
            poll = select.poll()
            poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
            return bool(poll.poll(0))
        return True
