"""The fork server: it loads Django and all of ours once, and the Python processes of the platform are forked from it.

They share the memory of what it has loaded, and start in a tenth of the time. `up` asks for each with its command line,
environment and descriptors, as `subprocess` would start it, and becomes its parent (cavendish.up.forked). The process
has one thread, no connection and no key in use, so nothing that a fork must not copy.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import runpy
import socket
import struct
import sys
import threading
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TypedDict

import setproctitle

from cavendish.db.address import process_name
from cavendish.up.children import dies_with_parent

HEADER = struct.Struct("!I")
"""The length of a request, of which the descriptors come with the first byte; and an answer: the id of the process."""
MAX_DESCRIPTORS = 8
LOADED = (
    "cavendish.http.threaded",
    "cavendish.management.commands.scheduler",
    "cavendish.up.serve",
    "cavendish.wait",
    "cavendish.wait.database",
    "cavendish.wait.judgement",
    "cavendish.wait.lifespan",
    "cavendish.wait.open_requests",
    "dramatiq.asyncio",
    "generations.work.middleware",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
"""What web, workers and the scheduler import, beside the apps, their views and their actors."""


class ForkRequest(TypedDict):
    """What a process is started with: `[python, …, "-m", module, …]`, and the numbers of the descriptors that come."""

    command: list[str]
    environment: dict[str, str]
    parent: int
    orphan_signal: int
    descriptors: list[int]


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    load()
    control.sendall(HEADER.pack(os.getpid()))
    if serve(control):
        # It was loaded before the fork and begins anew as the program, of which runpy would warn in every log.
        if not hasattr(sys.modules.get(sys.argv[0]), "__path__"):
            sys.modules.pop(sys.argv[0], None)
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def load() -> None:
    """Loads what the processes have in common, and sees to it that a fork may copy it."""
    gc.disable()  # no holes in pages that are to be shared
    import django

    django.setup(set_prefix=False)
    from django.conf import settings
    from django.urls import get_resolver

    setproctitle.getproctitle()  # it finds the place of the title while the environment still lies behind it
    for name in LOADED:
        import_module(name)
    for app in settings.OWN_APPS:
        if find_spec(f"{app}.tasks"):
            import_module(f"{app}.tasks")
    _ = get_resolver().url_patterns
    gc.collect()
    # The collector writes into each object that it looks at, which would copy its page.
    gc.freeze()
    if threading.active_count() > 1:
        raise RuntimeError(f"Nothing may run in a fork server: {threading.enumerate()}.")


def serve(control: socket.socket) -> bool:
    """Forks whatever is asked for. Returns True in a process that was forked, False once the asker has gone."""
    while True:
        header, descriptors, _, _ = socket.recv_fds(control, HEADER.size, MAX_DESCRIPTORS)
        if len(header) < HEADER.size:
            return False
        (length,) = HEADER.unpack(header)
        body = _exactly(control, length)
        if body is None:
            return False
        if not length:  # it only wants to know whether somebody is there
            control.sendall(HEADER.pack(0))
            continue
        request: ForkRequest = json.loads(body)
        number = _fork()
        if number is None:
            control.close()
            become(request, descriptors)
            return True
        for descriptor in descriptors:
            os.close(descriptor)
        control.sendall(HEADER.pack(number))


def _exactly(control: socket.socket, length: int) -> bytes | None:
    found = bytearray()
    while len(found) < length:
        part = control.recv(length - len(found))
        if not part:
            return None
        found += part
    return bytes(found)


def _fork() -> int | None:
    """Returns the id of a new process, which has no parent here any more; in that process itself None.

    The process between ends at once, so `up`, which adopts orphans, is the parent when this returns. The new one leads
    a session by then: whoever kills it kills its group.
    """
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        if os.fork():
            os._exit(0)
        os.setsid()
        os.write(writer, HEADER.pack(os.getpid()))
        os.close(reader)
        os.close(writer)
        return None
    os.close(writer)
    (number,) = HEADER.unpack(os.read(reader, HEADER.size))
    os.close(reader)
    os.waitpid(between, 0)
    return int(number)


def become(request: ForkRequest, descriptors: Sequence[int]) -> None:
    """Makes a forked process what an executed one would be: signals, descriptors, environment, its name."""
    from django.conf import settings

    os.umask(0o077)
    until = time.monotonic() + 10
    while os.getppid() != request["parent"] and time.monotonic() < until:
        time.sleep(0.001)  # the process between has not ended yet
    bind = dies_with_parent(request["orphan_signal"], parent=request["parent"])
    if bind is not None:
        bind()
    # Out of the way first: a number that is asked for may be that of another one that came.
    lowest = max(request["descriptors"]) + 1
    moved = [_moved_up(descriptor, lowest) for descriptor in descriptors]
    for descriptor, number in zip(moved, request["descriptors"], strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    loaded_as = process_name()
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.orig_argv[:] = request["command"]
    sys.argv = sys.orig_argv[sys.orig_argv.index("-m") + 1 :]
    setproctitle.setproctitle(" ".join(sys.orig_argv))
    for database in settings.DATABASES.values():
        if database["OPTIONS"]["application_name"] == loaded_as:
            database["OPTIONS"]["application_name"] = process_name()
    gc.enable()


def _moved_up(descriptor: int, lowest: int) -> int:
    moved: int = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
    os.close(descriptor)
    return moved


if __name__ == "__main__":
    main()
