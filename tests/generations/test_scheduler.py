"""The scheduler's clock: what takes long holds no sweep up, and has its turn all the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Tenant
from cavendish.db.ids import new_id
from cavendish.db.tenancy import tenant_context
from cavendish.management.commands.scheduler import Task, run_tasks, threads_of_tasks
from cavendish.storage import ERASE_SECONDS, objects
from generations.accept.inputs import file_key
from generations.models import File
from generations.upkeep.retention import files_expire
from generations.upkeep.sweep import LONGEST_GAP
from tests.factories import make_tenant
from tests.races import until

pytestmark = pytest.mark.usefixtures("quiet")
SECONDS_PER_DELETE = 0.05
MANY = 140
"""As many as take some three times the gap that sweeps may have, and several turns of the task."""


class SlowStore(ThreadingHTTPServer):
    """A stranger's object store as far as deleting goes: it speaks S3 and takes its time."""

    daemon_threads = True

    def __init__(self) -> None:
        self.deleted: list[str] = []
        super().__init__(("127.0.0.1", 0), SlowHandler)

    def deleted_of(self, tenant: Tenant) -> int:
        """Of others it may be more: what other tests left may be due as well."""
        return sum(tenant.id.hex in path for path in self.deleted)


class SlowHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SlowStore

    def do_DELETE(self) -> None:
        time.sleep(SECONDS_PER_DELETE)
        self.server.deleted.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def slow_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    files_expire()  # what other tests left is not this store's
    with SlowStore() as store:
        thread = threading.Thread(target=store.serve_forever)
        thread.start()
        settings.STORAGE_URL = f"s3://bucket?endpoint_url=http://127.0.0.1:{store.server_port}&region_name=x"
        objects.cache_clear()
        yield store
        objects.cache_clear()
        store.shutdown()
        thread.join()


def make_due_files(tenant: Tenant, count: int) -> None:
    with tenant_context(tenant.id):
        for _ in range(count):
            file_id = new_id()
            File.objects.create(
                id=file_id,
                tenant_id=tenant.id,
                livemode=True,
                source=File.Source.UPLOAD,
                name="x",
                mime_type="image/png",
                width=1,
                height=1,
                bytes=1,
                sha256="0" * 64,
                storage_key=file_key(tenant.id, file_id),
                expires_at=timezone.now() - timedelta(seconds=1),
            )


def left(tenant: Tenant) -> int:
    with tenant_context(tenant.id):
        count: int = File.objects.filter(deleted_at=None).count()
    return count


@contextmanager
def running(*lists: list[Task]) -> Iterator[None]:
    """Each list in a thread, as the scheduler has them."""
    stop = threading.Event()
    threads = [threading.Thread(target=run_tasks, args=(tasks, stop)) for tasks in lists]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def noted(tasks: list[Task], ends: list[float]) -> list[Task]:
    """The same tasks; `ends` gets the moment at which a run of one has ended."""

    def run(task: Task) -> object:
        done = task.run()
        ends.append(time.monotonic())
        return done

    return [Task(partial(run, task), every=task.every, seconds=task.seconds) for task in tasks]


@pytest.mark.slow
def test_sweeps_keep_their_two_seconds_while_a_slow_store_deletes_many_files(slow_store: SlowStore) -> None:
    tenant = make_tenant()
    make_due_files(tenant, MANY)
    lists = threads_of_tasks()
    sweeps: list[float] = []
    with running(noted(lists["sweeps"], sweeps), lists["erasures"]):
        until(lambda: not left(tenant), seconds=120)
    assert slow_store.deleted_of(tenant) == MANY
    assert len(sweeps) > MANY * SECONDS_PER_DELETE / LONGEST_GAP
    assert max(later - earlier for earlier, later in pairwise(sweeps)) < LONGEST_GAP


@pytest.mark.slow
def test_a_run_ends_with_its_time_and_the_next_goes_on(slow_store: SlowStore) -> None:
    tenant = make_tenant()
    make_due_files(tenant, 60)
    began = time.monotonic()
    first = files_expire()
    assert ERASE_SECONDS <= time.monotonic() - began < ERASE_SECONDS + 5
    assert first > 0
    assert left(tenant) > 0
    until(lambda: not (files_expire() and left(tenant)))
    assert left(tenant) == 0
    assert slow_store.deleted_of(tenant) == 60


def test_a_task_whose_time_was_up_comes_again_at_once_and_another_in_its_time() -> None:
    ran: list[str] = []

    def busy() -> int:
        ran.append("busy")
        time.sleep(0.02)
        return 1

    def idle() -> int:
        ran.append("idle")
        time.sleep(0.02)
        return 0

    with running([Task(busy, every=3600, seconds=0.01), Task(idle, every=3600, seconds=0.01)]):
        until(lambda: ran.count("busy") == 3)
    assert ran[:3] == ["busy", "idle", "busy"]
    assert ran.count("idle") == 1


def test_a_task_that_fails_keeps_no_other_from_running() -> None:
    ran = threading.Event()

    def broken() -> None:
        raise RuntimeError

    with running([Task(broken, every=3600), Task(ran.set, every=3600)]):
        assert ran.wait(10)
