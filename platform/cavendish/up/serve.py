"""The ASGI server: `python -m cavendish.up.serve module:application --fd N`, or `--host H --port P`.

`up` binds the socket and this process inherits it: during a restart clients wait for a second instead of being
refused, and no other program can take the port. Where several processes share it, each inherits a second one that it
has alone. Units and containers pass an address. All get the same bounds on connections
(cavendish.http.bounded_protocol).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import ipaddress
import resource
import socket
import struct
import sys
from dataclasses import replace

import uvicorn

from cavendish.boot.config import LOOPBACK_NAMES, Config
from cavendish.http.bounded_protocol import ConnectionLimits, bounded_protocol
from cavendish.http.own_port import own_port_set
from cavendish.up.allocator import keep_freed_memory
from cavendish.up.errors import UpError
from cavendish.up.ports import bound_socket

BACKLOG = 2048
SO_ATTACH_FILTER = 26
ACCEPT_SECONDS = 0.2
IDLE_SECONDS = 10
"""How long a connection may be idle between two requests. A proxy in front should close its own a little earlier."""
OWN_DESCRIPTORS = 256
"""Descriptors kept free of client connections, for the database, Valkey, logs, storage."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve an ASGI application.")
    parser.add_argument("application")
    parser.add_argument(
        "--fd",
        type=int,
        action="append",
        help="a bound socket that this process inherits; a second is its own alone",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind where no --fd is given")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--behind-proxy", action="store_true", help="trust X-Forwarded-For and X-Forwarded-Proto")
    parser.add_argument(
        "--local", action="store_true", help="accept loopback names only, and any number of connections"
    )
    parser.add_argument("--grace", type=int, default=12, help="seconds that open requests get beside DRAIN_SECONDS")
    arguments = parser.parse_args()
    keep_freed_memory()
    settings = Config.load()
    settings.check()
    limits = connection_limits(settings, behind_proxy=arguments.behind_proxy)
    if arguments.local:
        limits = replace(limits, per_address=limits.open_connections, host_names=LOOPBACK_NAMES)
    config = uvicorn.Config(
        arguments.application,
        loop="uvloop",
        http=bounded_protocol(limits),
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_config=None,  # its lines go where ours go
        log_level="warning",
        server_header=False,
        proxy_headers=arguments.behind_proxy,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=arguments.grace + (0 if arguments.local else settings.number("DRAIN_SECONDS")),
    )
    if arguments.fd is not None:
        inherited = [socket.socket(fileno=number) for number in arguments.fd]
        if len(inherited) > 1:
            own_port_set(inherited[1].getsockname()[1])
        # It has ended in order, and raises the signal that it got once more.
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=inherited)
        return
    try:
        bound = bound_socket(arguments.host, arguments.port)
    except UpError as error:
        sys.exit(str(error))
    with contextlib.suppress(KeyboardInterrupt):
        _OwnPort(config).run(sockets=[bound])


class _OwnPort(uvicorn.Server):
    """Closes its port without resetting who came in the last moment: they are accepted, the next are refused."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for bound in sockets or []:
            if accepts_no_more(bound):
                await asyncio.sleep(ACCEPT_SECONDS)
        await super().shutdown(sockets)


def accepts_no_more(bound: socket.socket) -> bool:
    """Has the kernel drop what would open another connection; those that are open and not accepted yet stay.

    Closing a port resets them, whose clients have sent their request and cannot know whether it was read. A client
    whose first packet was dropped sends it again and is refused then, before it has sent anything. Linux only.
    """
    if sys.platform != "linux":
        return False
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(drop_all))
    with contextlib.suppress(OSError):
        bound.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
        return True
    return False


def connection_limits(config: Config, *, behind_proxy: bool) -> ConnectionLimits:
    """Returns the bounds of the settings, with at most half as many connections as descriptors are free.

    A connection may need a file beside its socket, for a request's body or a picture in the response.
    """
    room = (_descriptors() - OWN_DESCRIPTORS) // 2
    proxies = config.get("FORWARDED_ALLOW_IPS") if behind_proxy else ""
    return ConnectionLimits(
        open_connections=max(1, min(config.number("MAX_CONNECTIONS"), room)),
        per_address=config.number("MAX_CONNECTIONS_PER_ADDRESS"),
        proxies=_networks(proxies),
    )


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Parses uvicorn's list of addresses and networks. "*" means all; anything else, such as a path, is skipped."""
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for word in ("0.0.0.0/0,::/0" if text.strip() == "*" else text).split(","):
        with contextlib.suppress(ValueError):
            networks.append(ipaddress.ip_network(word.strip(), strict=False))
    return tuple(networks)


def _descriptors() -> int:
    """Raises the soft limit of open files to the hard limit and returns it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


if __name__ == "__main__":
    main()
