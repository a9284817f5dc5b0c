"""Free ports of this machine for services, and bound sockets for servers."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Collection

from cavendish.up.errors import UpError

LOCAL = "127.0.0.1"
# Below the range from which Linux picks the ports of outgoing connections (32768 and up): a port that is kept between
# two starts is then rarely taken by chance.
FIRST, LAST = 15_000, 28_000


def is_free(port: int, host: str = LOCAL) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(kept: int | None = None, avoid: Collection[int] = ()) -> int:
    """Returns `kept` when it is still free, else a random free port of 127.0.0.1 that is not in `avoid`.

    Raises UpError.
    """
    if kept and kept not in avoid and is_free(kept):
        return kept
    for _ in range(200):
        port = random.randint(FIRST, LAST)
        if port not in avoid and is_free(port):
            return port
    raise UpError(f"No free port between {FIRST} and {LAST} on {LOCAL}.")


def bound_socket(host: str, port: int) -> socket.socket:
    """Returns a socket bound to the port (0: any free one), which refuses connections until it listens.

    Raises UpError, which names PORT when another program has the port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise UpError(
                f"Port {port} is in use by another program. Choose another one, for example: PORT={port + 1} make run"
            ) from None
        if error.errno == errno.EACCES:
            raise UpError(
                f"Port {port} requires root. Choose one above 1023, for example: PORT=8000 make run"
            ) from None
        raise UpError(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
    return bound


def authority(host: str, port: int) -> str:
    """Returns both as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def accepts(host: str, port: int) -> bool:
    """Returns whether a server accepts connections there now."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
