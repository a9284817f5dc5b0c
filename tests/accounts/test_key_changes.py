"""The watcher of keys: what it learns, what it never misses, and what it may be trusted with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.utils import timezone

from accounts.authentication.key_changes import FRESH_SECONDS, REREAD_SECONDS, USE_SECONDS, KeyChangeWatcher
from accounts.models import ApiKey, Tenant
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from tests.factories import make_key, make_tenant

Connection = psycopg.Connection[Any]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> KeyChangeWatcher:
    return KeyChangeWatcher(lambda: conninfo("default"), clock=clock)


@pytest.fixture
def connection() -> Iterator[Connection]:
    with psycopg.connect(conninfo("default"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def key() -> ApiKey:
    row, _ = make_key(make_tenant())
    return row


def read(watch: KeyChangeWatcher, clock: Clock, key: ApiKey) -> tuple[float, bool]:
    """As `accounts.authentication.principal` reads a key: the moment, and whether the watcher follows it."""
    read_at = clock()
    return read_at, watch.follow(read_at, (key.id, key.tenant_id))


def trusted(watch: KeyChangeWatcher, key: ApiKey, reading: tuple[float, bool]) -> bool:
    return watch.is_fresh(reading[0], (key.id, key.tenant_id), followed=reading[1])


def test_a_reading_stays_good_as_long_as_polls_find_nothing(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    watch.poll(connection)
    reading = read(watch, clock, key)
    for _ in range(8):
        clock.now += FRESH_SECONDS
        assert not trusted(watch, key, reading)
        watch.poll(connection)
        assert trusted(watch, key, reading)


def test_without_polls_a_reading_is_as_old_as_it_is(watch: KeyChangeWatcher, clock: Clock, key: ApiKey) -> None:
    reading = read(watch, clock, key)
    assert trusted(watch, key, reading)
    clock.now += FRESH_SECONDS - 0.1
    assert trusted(watch, key, reading)
    clock.now += 0.1
    assert not trusted(watch, key, reading)


def test_it_is_read_again_in_any_case_after_a_while(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    watch.poll(connection)
    reading = read(watch, clock, key)
    clock.now += REREAD_SECONDS
    watch.poll(connection)
    assert not trusted(watch, key, reading)


def saved_whole(key: ApiKey) -> None:
    """As a form does it that rewrites what it once read, the last use included."""
    key.revoked_at = key.last_used_at = timezone.now()
    key.save()


Change = Callable[[ApiKey], Any]
CHANGES: dict[str, Change] = {
    "revoked": lambda key: ApiKey.objects.filter(id=key.id).update(revoked_at=timezone.now()),
    "scopes": lambda key: ApiKey.objects.filter(id=key.id).update(scopes=["read"]),
    "addresses": lambda key: ApiKey.objects.filter(id=key.id).update(ip_ranges=["10.0.0.0/8"]),
    "models": lambda key: ApiKey.objects.filter(id=key.id).update(allowed_models=[]),
    "limits": lambda key: ApiKey.objects.filter(id=key.id).update(requests_per_minute=1),
    "expiry": lambda key: ApiKey.objects.filter(id=key.id).update(expires_at=timezone.now()),
    "saved whole": saved_whole,
    "suspended": lambda key: Tenant.objects.filter(id=key.tenant_id).update(status="suspended"),
    "tenant's models": lambda key: Tenant.objects.filter(id=key.tenant_id).update(allowed_models=[]),
    "test keys off": lambda key: Tenant.objects.filter(id=key.tenant_id).update(test_keys_enabled=False),
    "tenant's limits": lambda key: Tenant.objects.filter(id=key.tenant_id).update(images_per_minute=1),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_learned_with_the_next_poll(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey, change: str
) -> None:
    other, _ = make_key(make_tenant())
    watch.poll(connection)
    reading, others = read(watch, clock, key), read(watch, clock, other)
    with acting_as("operator"):
        CHANGES[change](key)
    watch.poll(connection)
    assert not trusted(watch, key, reading)
    assert trusted(watch, other, others)
    again = read(watch, clock, key)
    watch.poll(connection)
    assert trusted(watch, key, again)


def test_that_a_key_was_used_is_no_change(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    watch.poll(connection)
    reading = read(watch, clock, key)
    with acting_as("operator"):
        ApiKey.objects.filter(id=key.id).update(last_used_at=timezone.now(), last_used_address="127.0.0.1")
    watch.poll(connection)
    assert trusted(watch, key, reading)


def test_a_change_that_commits_late_is_not_missed(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    """Its transaction began before those of changes that were learned long ago."""
    later, _ = make_key(make_tenant())
    watch.poll(connection)
    with psycopg.connect(conninfo("owner")) as writer:
        writer.execute("UPDATE accounts_apikey SET revoked_at = now() WHERE id = %s", [key.id])
        with acting_as("operator"):
            ApiKey.objects.filter(id=later.id).update(revoked_at=timezone.now())
        watch.poll(connection)
        watch.poll(connection)
        reading = read(watch, clock, key)
        watch.poll(connection)
        assert trusted(watch, key, reading)
        writer.commit()
    watch.poll(connection)
    assert not trusted(watch, key, reading)


def test_a_reading_during_a_poll_is_not_trusted_for_long(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    """The poll did not ask for it: a change between the reading and the end of the poll would never be reported."""
    watch.poll(connection)
    read_at = clock()
    watch.poll(connection)
    assert not watch.follow(read_at, (key.id, key.tenant_id))
    assert watch.follow(clock(), (key.id, key.tenant_id))


def test_a_change_during_a_reading_spoils_it(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    watch.poll(connection)
    read(watch, clock, key)
    read_at = clock()  # another reading begins and sees the old row
    with acting_as("operator"):
        ApiKey.objects.filter(id=key.id).update(revoked_at=timezone.now())
    watch.poll(connection)
    assert not trusted(watch, key, (read_at, watch.follow(read_at, (key.id, key.tenant_id))))


def test_readings_from_before_the_first_poll_are_not_covered(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    reading = read(watch, clock, key)
    watch.poll(connection)
    clock.now += FRESH_SECONDS
    watch.poll(connection)
    assert not trusted(watch, key, reading)


def test_after_a_long_pause_it_begins_anew(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    watch.poll(connection)
    clock.now += REREAD_SECONDS + 1
    reading = read(watch, clock, key)
    watch.poll(connection)
    clock.now += FRESH_SECONDS
    watch.poll(connection)
    assert not trusted(watch, key, reading)


def test_what_found_nothing_is_as_old_as_it_is(watch: KeyChangeWatcher, clock: Clock, connection: Connection) -> None:
    watch.poll(connection)
    read_at = clock()
    followed = watch.follow(read_at, ())
    assert watch.is_fresh(read_at, (), followed=followed)
    clock.now += FRESH_SECONDS
    watch.poll(connection)
    assert not watch.is_fresh(read_at, (), followed=followed)


def last_use(key: ApiKey) -> tuple[Any, Any]:
    with acting_as("operator"):
        row = ApiKey.objects.get(id=key.id)
    return row.last_used_at, row.last_used_address


def test_uses_are_written_in_one_go_and_at_most_once_a_minute(
    watch: KeyChangeWatcher, clock: Clock, connection: Connection, key: ApiKey
) -> None:
    other, _ = make_key(make_tenant())
    watch.note_use(key.id, "192.0.2.7")
    watch.note_use(key.id, "192.0.2.8")
    watch.note_use(other.id, "no address")
    watch.note_use(uuid4(), "192.0.2.9")
    watch.write(connection)
    at, address = last_use(key)
    assert abs(at - timezone.now()) < timedelta(seconds=10)
    assert address == "192.0.2.7"
    assert last_use(other)[0] is not None
    assert last_use(other)[1] is None
    watch.note_use(key.id, "192.0.2.9")
    watch.write(connection)
    assert last_use(key) == (at, address)
    clock.now += USE_SECONDS
    watch.note_use(key.id, "2001:db8::1")
    watch.write(connection)
    assert last_use(key)[0] > at
    assert last_use(key)[1] == "2001:db8::1"


def test_an_older_use_does_not_go_over_a_newer_one(
    watch: KeyChangeWatcher, connection: Connection, key: ApiKey
) -> None:
    future = timezone.now() + timedelta(minutes=1)
    with acting_as("operator"):
        ApiKey.objects.filter(id=key.id).update(last_used_at=future, last_used_address="192.0.2.1")
    watch.note_use(key.id, "192.0.2.2")
    watch.write(connection)
    assert last_use(key) == (future, "192.0.2.1")


def test_uses_wait_while_the_database_is_away(watch: KeyChangeWatcher, connection: Connection, key: ApiKey) -> None:
    watch.note_use(key.id, "192.0.2.7")
    with psycopg.connect(conninfo("default"), autocommit=True) as broken:
        broken.close()
        with pytest.raises(psycopg.OperationalError):
            watch.write(broken)
    watch.write(connection)
    assert last_use(key)[1] == "192.0.2.7"
