"""An ASGI server on a socket that `up` has bound: `python -m cavendish.up.serve module:application --fd N`.

The socket stays open in the parent while this process is restarted, so that clients wait for a second instead of being
refused, and nobody else can take the port in between.
"""

from __future__ import annotations

import argparse
import socket

import uvicorn


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve an ASGI application on an inherited socket.")
    parser.add_argument("application")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--behind-proxy", action="store_true", help="believe X-Forwarded-For and -Proto")
    parser.add_argument("--grace", type=int, default=12, help="seconds that open requests get after SIGTERM")
    arguments = parser.parse_args()
    config = uvicorn.Config(
        arguments.application,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        backlog=2048,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=arguments.behind_proxy,
        timeout_graceful_shutdown=arguments.grace,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=arguments.fd)])


if __name__ == "__main__":
    main()
