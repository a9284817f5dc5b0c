"""The ASGI server: `python -m cavendish.up.serve module:application --fd N`, or `--host H --port P`.

`up` binds the socket and this process inherits it: during a restart clients wait for a second instead of being
refused, and no other program can take the port. Units and containers pass an address. Both get the same bounds on
connections (cavendish.http.bounded_protocol).
"""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import resource
import socket
from dataclasses import replace

import uvicorn

from cavendish.boot.config import LOOPBACK_NAMES, Config
from cavendish.http.bounded_protocol import ConnectionLimits, bounded_protocol

BACKLOG = 2048
IDLE_SECONDS = 10
"""How long a connection may be idle between two requests. A proxy in front should close its own a little earlier."""
OWN_DESCRIPTORS = 256
"""Descriptors kept free of client connections, for the database, Valkey, logs, storage."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve an ASGI application.")
    parser.add_argument("application")
    parser.add_argument("--fd", type=int, help="a bound socket that this process inherits")
    parser.add_argument("--host", default="127.0.0.1", help="the address to bind where no --fd is given")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--behind-proxy", action="store_true", help="trust X-Forwarded-For and X-Forwarded-Proto")
    parser.add_argument(
        "--local", action="store_true", help="accept loopback names only, and any number of connections"
    )
    parser.add_argument("--grace", type=int, default=12, help="seconds that open requests get after SIGTERM")
    arguments = parser.parse_args()
    settings = Config.load()
    settings.check()
    limits = connection_limits(settings, behind_proxy=arguments.behind_proxy)
    if arguments.local:
        limits = replace(limits, per_address=limits.open_connections, host_names=LOOPBACK_NAMES)
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
        log_config=None,  # its lines go where ours go
        log_level="warning",
        server_header=False,
        proxy_headers=arguments.behind_proxy,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=arguments.grace,
    )
    sockets = None if arguments.fd is None else [socket.socket(fileno=arguments.fd)]
    uvicorn.Server(config).run(sockets=sockets)


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
