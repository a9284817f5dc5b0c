from __future__ import annotations

from collections.abc import Callable

import pytest

from cavendish.gemini.client import (
    KeyPool,
)


def clock(now: list[float]) -> Callable[[], float]:
    return lambda: now[0]


def test_keys_take_turns_and_cool_down() -> None:
    now = [100.0]
    pool = KeyPool(["a", " b ", "a", "", "c"], clock=clock(now))

    assert [pool.pick().secret for _ in range(4)] == ["a", "b", "c", "a"]
    pool.cool(pool.pick(), 10)
    assert {pool.pick().secret for _ in range(6)} == {"a", "c"}
    now[0] += 10
    assert {pool.pick().secret for _ in range(6)} == {"a", "b", "c"}


def test_when_all_keys_cool_the_one_free_soonest_is_named() -> None:
    now = [100.0]
    pool = KeyPool(["a", "b"], clock=clock(now))
    first, second = pool.pick(), pool.pick()
    pool.cool(first, 9)
    pool.cool(second, 4)
    pool.cool(second, 1)  # a shorter answer does not end a longer rest

    assert (pool.pick().secret, pool.pick().wait) == ("b", 4.0)
    assert (pool.pick(first.fingerprint).secret, pool.pick(first.fingerprint).wait) == ("a", 9.0)


def test_an_unknown_preference_falls_back() -> None:
    assert KeyPool(["a"]).pick("0" * 16).secret == "a"


def test_a_refused_key_is_used_only_when_all_were() -> None:
    pool = KeyPool(["a", "b"])
    first, second = pool.pick(), pool.pick()
    pool.refuse(first)
    assert {pool.pick().secret for _ in range(4)} == {"b"}
    pool.refuse(second)
    assert {pool.pick().secret for _ in range(4)} == {"a", "b"}
    assert not pool.usable()


def test_a_pool_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyPool(["", " "])
