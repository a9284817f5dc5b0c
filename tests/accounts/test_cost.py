"""What authentication and limits cost once a key is known: one word with Valkey, none with PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import tokens
from accounts.authentication.drf import ApiKeyAuthentication
from accounts.authentication.key_changes import FRESH_SECONDS
from accounts.authentication.principal import Principal
from accounts.limits import RateReservation, reservation_for_request
from cavendish.messaging import valkey
from tests.factories import make_key, make_tenant


class Creates:
    makes_pictures = ("POST",)


def request_with(secret: str, view: Any = None) -> Request:
    request = RequestFactory().post("/", headers={"Authorization": f"Bearer {secret}"})
    return Request(request, parser_context={"view": view})


def authenticate(request: Request) -> Principal:
    authenticated = ApiKeyAuthentication().authenticate(request)
    assert authenticated is not None
    return authenticated[0]


def round_trips() -> int:
    """Requests that Valkey has read, this one included. Nobody else asks the run's Valkey."""
    client = valkey.client()
    assert client is not None
    stats: dict[str, Any] = client.info("stats")
    return int(stats["total_reads_processed"])


@contextmanager
def costing(*, queries: int, words: int) -> Iterator[None]:
    before = round_trips()
    with CaptureQueriesContext(connection) as captured:
        yield
    assert (len(captured), round_trips() - before - 1) == (queries, words)


@pytest.fixture(scope="module")
def secret() -> str:
    """A key that is known and watched."""
    _, secret = make_key(make_tenant())
    until = time.monotonic() + 1
    while time.monotonic() < until:
        with reservation_for_request():
            authenticate(request_with(secret))
        time.sleep(0.05)
    # so that Valkey knows both scripts
    whole(secret, Creates())
    return secret


def whole(
    secret: str, view: Any = None, work: Callable[[RateReservation], None] = lambda reservation: None, status: int = 200
) -> None:
    """A request from its key to its end, as the middleware and the views do it."""
    with reservation_for_request() as reservation:
        authenticate(request_with(secret, view))
        work(reservation)
        reservation.close(refused=status == 429)


def test_a_request_with_a_known_key_costs_one_word_and_no_query(secret: str) -> None:
    with costing(queries=0, words=20):
        for _ in range(20):
            whole(secret)


def test_it_stays_so_after_the_time_in_which_a_key_would_have_to_be_read(secret: str) -> None:
    until = time.monotonic() + 2 * FRESH_SECONDS
    with costing(queries=0, words=0):
        pass
    with CaptureQueriesContext(connection) as captured:
        while time.monotonic() < until:
            whole(secret)
            time.sleep(0.02)
    assert len(captured) == 0


def make_one(reservation: RateReservation) -> None:
    reservation.reserve(1)
    reservation.keep(1)


def make_four(reservation: RateReservation) -> None:
    reservation.reserve(4)
    reservation.keep(4)


def test_a_request_for_one_picture_costs_no_more(secret: str) -> None:
    with costing(queries=0, words=1):
        whole(secret, Creates(), make_one)


def test_more_pictures_or_none_cost_a_second_word(secret: str) -> None:
    with costing(queries=0, words=2):
        whole(secret, Creates(), make_four)
    with costing(queries=0, words=2):
        whole(secret, Creates())


def test_without_limits_it_costs_nothing() -> None:
    tenant = make_tenant(requests_per_minute=0, images_per_minute=0)
    _, unlimited = make_key(tenant)
    with reservation_for_request():
        authenticate(request_with(unlimited))
    with costing(queries=0, words=0):
        whole(unlimited)


def test_what_cannot_be_a_key_costs_nothing(secret: str) -> None:
    with costing(queries=0, words=0):
        for wrong in ("x", secret[:-1], secret + "x", "sk-proj-123"):
            with pytest.raises(AuthenticationFailed):
                authenticate(request_with(wrong))


def test_an_unknown_key_costs_one_query_in_a_while() -> None:
    unknown = tokens.generate(livemode=True).secret
    with costing(queries=1, words=0):
        for _ in range(5):
            with pytest.raises(AuthenticationFailed):
                authenticate(request_with(unknown))
