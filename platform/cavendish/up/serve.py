"""The ASGI server: `python -m cavendish.up.serve module:application --fd N`, or `--host H --port P`.

`up` binds the socket and hands it down, so that clients wait for a second while this process is restarted instead of
being refused, and nobody else can take the port in between. Units and containers name an address. Both get the same
bounds on connections (cavendish.http.bounded_protocol).
"""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import os
import resource
import socket
import sys
from dataclasses import replace

import uvicorn

from cavendish.boot.config import LOOPBACK_NAMES, Config, ConfigurationError
from cavendish.http.bounded_protocol import ConnectionLimits, bounded_protocol

BACKLOG = 2048
IDLE_SECONDS = 10
"""How long a connection may wait between two requests; a proxy in front gives up its own a little earlier."""
OWN_DESCRIPTORS = 256
"""Descriptors for everything that is no connection: the database, Valkey, logs, storage."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve an ASGI application.")
    parser.add_argument("application")
    parser.add_argument("--fd", type=int, help="a bound socket that this process inherits")
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind where no --fd is given")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--behind-proxy", action="store_true", help="believe X-Forwarded-For and -Proto")
    parser.add_argument("--local", action="store_true", help="for this machine's own processes: loopback names only")
    parser.add_argument("--grace", type=int, default=12, help="seconds that open requests get after SIGTERM")
    arguments = parser.parse_args()
    try:
        limits = connection_limits(Config.load(), behind_proxy=arguments.behind_proxy)
        if arguments.local:
            limits = replace(limits, per_address=limits.open_connections, host_names=LOOPBACK_NAMES)
    except ConfigurationError as error:
        sys.exit(str(error))
    config = uvicorn.Config(
        arguments.application,
        host=arguments.host,
        port=arguments.port,
        loop="uvloop",
        http=bounded_protocol(limits),
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=arguments.behind_proxy,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=arguments.grace,
    )
    sockets = None if arguments.fd is None else [socket.socket(fileno=arguments.fd)]
    uvicorn.Server(config).run(sockets=sockets)


def connection_limits(config: Config, *, behind_proxy: bool) -> ConnectionLimits:
    """The settings' bounds, and no more connections than this process may have descriptors for.

    A connection may need a file beside it, for a body that comes or a picture that goes.
    """
    room = (_descriptors() - OWN_DESCRIPTORS) // 2
    proxies = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1") if behind_proxy else ""
    return ConnectionLimits(
        open_connections=max(1, min(config.number("MAX_CONNECTIONS", 20_000), room)),
        per_address=config.number("MAX_CONNECTIONS_PER_ADDRESS", 6_000),
        proxies=_networks(proxies),
    )


def _networks(text: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """uvicorn's list of addresses and networks; "*" is everybody, and what is neither (a socket's path) nobody."""
    found: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for word in ("0.0.0.0/0,::/0" if text.strip() == "*" else text).split(","):
        with contextlib.suppress(ValueError):
            found.append(ipaddress.ip_network(word.strip(), strict=False))
    return tuple(found)


def _descriptors() -> int:
    """How many files this process may have open, after it has taken all that it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return 1_000_000 if soft == resource.RLIM_INFINITY else soft


if __name__ == "__main__":
    main()
