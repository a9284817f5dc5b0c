"""`manage.py up`: starts services, migrations, demo data, servers and workers, then supervises them all."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import time
from collections.abc import Iterable
from functools import partial
from textwrap import indent
from urllib.parse import urlsplit

import psycopg

from cavendish.boot.clock import refuse_elsewhere
from cavendish.boot.config import Config
from cavendish.up.children import Child
from cavendish.up.errors import Stopped, UpError
from cavendish.up.files import Lock, is_inside
from cavendish.up.forked import ForkServer
from cavendish.up.ports import LOCAL, authority, bound_socket, free_port
from cavendish.up.probes import Probes, http_answers
from cavendish.up.ready import READY_FILE, Ready, parse_demo
from cavendish.up.servers import sandbox_child, serve
from cavendish.up.services import UNFINISHED, Folders, Services, open_data_dir, unfinished
from cavendish.up.supervisor import Supervisor, print_line, python

# Held while migrations run, so that several machines can start at once. The number only has to be the same everywhere.
MIGRATION_LOCK = 0x43_41_56_45
LIVE = "GEMINI_API_KEYS"
WEB_DRAIN_SECONDS = "10"


def run(config: Config) -> int:
    """Runs the platform until a stop is requested, then ends it. Returns 0 after a stop, 1 after a failure."""
    supervisor = None
    lock = None
    ready_file = config.data_dir / READY_FILE
    try:
        refuse_elsewhere(config)
        folders = open_data_dir(str(config.data_dir))
        lock = Lock(folders.data_dir / "up.lock")
        if not lock.take():
            raise UpError(f"Cavendish is already running on {folders.data_dir}: {lock.holder() or 'just starting'}.")
        if (folders.data_dir / UNFINISHED).exists():
            raise UpError(unfinished(folders.data_dir))
        ready_file.unlink(missing_ok=True)
        supervisor = Supervisor(folders.data_dir / "children.json", probes=Probes(config.number("HANG_SECONDS")))
        supervisor.install_signals()
        platform = Platform(config, folders, supervisor)
        lock.note(f"process {os.getpid()}, {platform.base_url}")
        platform.start()
        supervisor.watch()
        print_line("Stopping.")
        return 0
    except Stopped:
        print_line("Stopping before everything had started.")
        return 0
    except UpError as error:
        print_line(f"\n{error}")
        return 1
    except OSError as error:
        if not is_inside(error.filename, config.data_dir):
            raise
        print_line(f"\nCAVENDISH_DATA_DIR cannot be used: {error.filename}: {error.strerror}.")
        return 1
    finally:
        if supervisor is not None and lock is not None:
            ready_file.unlink(missing_ok=True)
            began = time.monotonic()
            supervisor.stop()
            print_line(f"Everything has ended ({time.monotonic() - began:.1f} s).")
        if lock is not None:
            lock.release()


class Platform:
    """The start, in order. Ports are bound first, so that a wrong PORT fails at once."""

    def __init__(self, config: Config, folders: Folders, supervisor: Supervisor) -> None:
        self.config = config
        self.folders = folders
        self.supervisor = supervisor
        self.web_processes = config.number("WEB_PROCESSES")
        self.workers = config.number("WORKERS")
        self.demo_scale = config.number("DEMO_PERCENT") / 100 if config.flag("DEMO") else 0.0
        supervisor.end_leftovers()
        host = config.get("CAVENDISH_HOST").strip("[]")
        self.metrics_urls: list[str] = []
        self.web_socket = bound_socket(host, config.number("PORT"))
        self.sandbox_socket: socket.socket | None = None
        port = self.web_socket.getsockname()[1]
        self.probe = (LOCAL if host in {"0.0.0.0", "::", "localhost"} else host, port)
        self.base_url = (os.environ.get("BASE_URL") or f"http://{authority(*self.probe)}").rstrip("/")

    def start(self) -> None:
        began = time.monotonic()
        print_line(f"Cavendish starts in {self.folders.data_dir}")
        services = Services(self.folders, self.supervisor, self.config.environment())
        services.start()
        sandbox_url = self._sandbox_address(services)
        services.record(SANDBOX_URL=sandbox_url, BASE_URL=self.base_url)
        self.env = {
            **os.environ,
            "CAVENDISH_DATA_DIR": str(self.folders.data_dir),
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "cavendish.settings"),
            "PYTHONUNBUFFERED": "1",
        }
        self.fork_server = self._fork_server(needs=tuple(services.names))
        self.sandbox = self._sandbox()
        demo = parse_demo(self._prepare(services.urls["DATABASE_OWNER_URL"]))
        self.state = services.state
        self._launch_all(needs=tuple(services.names))
        ready = Ready(self.base_url, sandbox_url, self.folders.data_dir, demo, tuple(self.metrics_urls), services.clock)
        ready.write()
        print_line(f"\nCavendish is ready after {time.monotonic() - began:.1f} s.")
        print_line(ready.text(live=bool(self.config.environment().get(LIVE))))
        print_line(f"Ctrl-C ends it. Logs are in {self.folders.logs}")

    # Steps

    def _fork_server(self, *, needs: tuple[str, ...]) -> ForkServer | None:
        """Starts it now, so that it loads while the database is prepared."""
        if not ForkServer.is_possible():
            return None
        server = ForkServer(self.folders.log("fork-server"), self.env, python())
        self.supervisor.launch(server.child)
        return server

    def _sandbox_address(self, services: Services) -> str:
        configured = os.environ.get("SANDBOX_URL")
        if configured:
            return configured.rstrip("/")
        port = free_port(services.state.number("sandbox_port"))
        services.state.put("sandbox_port", port)
        # Kept as long as this process: a sandbox that is started again inherits it again.
        self.sandbox_socket = bound_socket(LOCAL, port)
        return f"http://{LOCAL}:{port}"

    def _sandbox(self) -> Child | None:
        """Starts it now, too: workers are forked faster than it starts, and would call a port that is closed."""
        if self.sandbox_socket is None:
            return None
        sandbox = sandbox_child(self.folders, self.sandbox_socket)
        self.supervisor.launch(sandbox)
        return sandbox

    def _prepare(self, owner_url: str) -> str:
        """Migrates, and returns the demo data, to which DEMO gives a past. Of several on one database one at a time."""
        with psycopg.connect(owner_url, autocommit=True) as connection:
            while not _try_lock(connection):
                self.supervisor.check_stop()
                self.supervisor.pause(0.5)
            demo = self._manage("Database", "prepare")
            if self.demo_scale:
                seeded = self._manage("Demo", "demo_seed", "--scale", str(self.demo_scale))
                print_line(indent(seeded.rstrip(), " " * 4))
            return demo

    def _manage(self, name: str, *arguments: str) -> str:
        began = time.monotonic()
        log = self.folders.log(arguments[0])
        output = self.supervisor.step(name, python("-m", "django", *arguments), env=self.env, log=log)
        print_line(f"  {name:<12}{time.monotonic() - began:6.1f} s")
        return output

    def _launch_all(self, *, needs: tuple[str, ...]) -> None:
        """Starts servers, workers and the scheduler side by side, then waits for each."""
        for child in (self.sandbox, self.fork_server.child if self.fork_server else None):
            if child is not None:
                seconds = self.supervisor.wait_ready(child)
                print_line(f"  {child.name:<12}{seconds:6.1f} s")
        started = [self._web(number, needs) for number in range(1, self.web_processes + 1)]
        started += [self._worker(number, needs) for number in range(1, self.workers + 1)]
        scheduler = self._child("scheduler", python("-m", "django", "scheduler"), needs, grace=5.0)
        started.append(self._with_health(scheduler))
        for child in started:
            self.supervisor.launch(child)
        for child in started:
            seconds = self.supervisor.wait_ready(child)
            if child.is_ready:
                print_line(f"  {child.name:<12}{seconds:6.1f} s")
        for child in started:
            if not child.running:
                raise UpError(f"{child.name} ended while starting ({child.ending}); see {child.log}")
        print_line(f"  {self.workers} workers and the scheduler")

    # Children

    def _child(self, name: str, argv: list[str], needs: tuple[str, ...], *, grace: float | None = None) -> Child:
        patience = self.config.number("STOP_SECONDS") + 4.0
        child = Child(name, argv, self.folders.log(name), self.env, needs=needs, grace=grace or patience)
        if self.fork_server is not None:
            child.spawn = self.fork_server.fork
            child.needs += (self.fork_server.child.name,)
        return child

    def _web(self, number: int, needs: tuple[str, ...]) -> Child:
        """With others beside it, it is asked how it is at a port of its own: any of them answers at the shared one."""
        name, bound, probe, base_url = "web", [self.web_socket], self.probe, self.base_url
        if self.web_processes > 1:
            name = f"web-{number}"
            # Kept as long as this process, as the shared one is.
            bound.append(bound_socket(LOCAL, self._kept_port(name)))
            probe = (LOCAL, bound[1].getsockname()[1])
            base_url = f"http://{authority(*probe)}"
        options = ["--behind-proxy"] if self.config.flag("BEHIND_PROXY") else []
        web = self._child(name, serve("cavendish.asgi:application", bound, *options), needs)
        web.stop_signal = signal.SIGINT
        # The port stays open while it is replaced, so clients would wait for as long.
        web.env = {"DRAIN_SECONDS": WEB_DRAIN_SECONDS, **self.env}
        web.pass_fds = tuple(each.fileno() for each in bound)
        host = urlsplit(base_url).netloc
        web.is_ready = partial(_is_healthy, probe, host)
        web.answers = http_answers(probe[1], "/livez", host=probe[0], name=host)
        self.metrics_urls.append(f"{base_url}/metrics")
        # otherwise the port would still accept connections that nobody serves
        web.before_stop = partial(_close_all, bound)
        return web

    def _worker(self, number: int, needs: tuple[str, ...]) -> Child:
        name = f"worker-{number}"
        worker = self._child(name, python("-m", "cavendish.worker"), needs)
        worker.env = {**self.env, "CAVENDISH_WORKER_NAME": name}
        worker.stop_signal = signal.SIGINT
        return self._with_health(worker)

    def _with_health(self, child: Child) -> Child:
        """Gives a child that serves nothing else a port of this machine for its health and its metrics."""
        port = self._kept_port(child.name)
        self.metrics_urls.append(f"http://{LOCAL}:{port}/metrics")
        child.env = {**child.env, "HEALTH_PORT": str(port)}
        child.answers = http_answers(port, "/livez")
        return child

    def _kept_port(self, name: str) -> int:
        """Returns the port of this machine that a child has for its health; at each start the same, if it is free."""
        kept = f"{name} health port"
        port = free_port(self.state.number(kept), [urlsplit(url).port or 0 for url in self.metrics_urls])
        self.state.put(kept, port)
        return port


def _close_all(sockets: Iterable[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _is_healthy(address: tuple[str, int], host: str) -> bool:
    connection = http.client.HTTPConnection(*address, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _try_lock(connection: psycopg.Connection[tuple[object, ...]]) -> bool:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [MIGRATION_LOCK]).fetchone()
    return bool(row and row[0])
