"""A connection to Valkey whose timeouts the kernel keeps, for threads that have words with it all the time.

A socket of Python's that has a timeout polls before each call, and redis-py polls before it uses a connection again.
Each poll gives up the interpreter's lock, five times instead of two for a command, though nothing has to be waited for.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import redis


class _Socket(socket.socket):
    """A blocking socket; when its time is over, the kernel says that it would block."""

    def recv_into(self, *args: Any) -> int:
        try:
            return super().recv_into(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def sendall(self, *args: Any) -> None:
        try:
            super().sendall(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None


class PlainConnection(redis.Connection):
    """Without TLS, whose library takes no timeouts of the kernel's."""

    def _connect(self) -> socket.socket:
        made = super()._connect()  # type: ignore[no-untyped-call]
        sock = _Socket(fileno=made.detach())
        sock.settimeout(None)
        if self.socket_timeout:
            seconds, rest = divmod(self.socket_timeout, 1)
            timeout = struct.pack("@ll", int(seconds), int(rest * 1_000_000))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)
        return sock

    def can_read(self, timeout: float = 0) -> bool:
        """Does not look whether one that is used again was closed: that is found in using it, and it is replaced."""
        return bool(timeout and super().can_read(timeout))
