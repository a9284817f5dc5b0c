"""A host that answers a picture's head at once, and its bytes one at a time, without an end."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000000\r\n\r\n"


@dataclass
class Tarpit:
    """`open` is how many connections there are now."""

    port: int
    open: int = 0

    def url(self, name: object = 1) -> str:
        return f"http://127.0.0.1:{self.port}/{name}.png"

    def until_open(self, count: int, *, seconds: float = 10) -> None:
        end = time.monotonic() + seconds
        while self.open < count:
            if time.monotonic() > end:
                raise AssertionError(f"{self.open} connections are open, not {count}")
            time.sleep(0.02)


@contextlib.contextmanager
def tarpit() -> Iterator[Tarpit]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    listener.setblocking(False)
    pit = Tarpit(listener.getsockname()[1])
    stop = threading.Event()

    def serve() -> None:
        clients: set[socket.socket] = set()
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            while not stop.is_set():
                for key, _ in selector.select(0.1):
                    if key.fileobj is listener:
                        client, _address = listener.accept()
                        clients.add(client)
                        client.send(HEAD)
                for client in list(clients):
                    try:
                        client.send(b"x")
                    except OSError:
                        clients.discard(client)
                        client.close()
                pit.open = len(clients)
        for client in clients:
            client.close()

    thread = threading.Thread(target=serve, name="tarpit", daemon=True)
    thread.start()
    try:
        yield pit
    finally:
        stop.set()
        thread.join()
        listener.close()
