"""Ids are UUIDv7: unguessable, ordered by time, and no two alike, whichever thread or process makes them."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from uuid import RFC_4122

from cavendish.db.ids import made_at, new_id
from cavendish.uuids import uuid7


def test_an_id_is_a_uuid_of_version_7_and_says_when_it_was_made() -> None:
    before = time.time()
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before - 0.001 <= made_at(made).timestamp()


def test_ids_of_one_millisecond_are_in_order_and_none_is_ahead_of_the_clock() -> None:
    many = [new_id() for _ in range(20_000)]
    assert made_at(many[-1]).timestamp() <= time.time()
    assert all(one < two for one, two in pairwise(many))
    assert len({one.int & (1 << 62) - 1 for one in many}) == 20_000


def test_threads_never_share_one() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for some in pool.map(lambda _: [uuid7() for _ in range(2_000)], range(16)) for one in some]
    assert len({one.int & (1 << 62) - 1 for one in made}) == 32_000


def test_a_forked_process_never_makes_its_parents() -> None:
    new_id()  # random bytes are at hand now
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, b"".join(uuid7().bytes for _ in range(200)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        theirs = pipe.read()
    os.waitpid(child, 0)
    tails = {theirs[at + 8 : at + 16] for at in range(0, len(theirs), 16)}
    assert len(tails) == 200
    assert not tails & {uuid7().bytes[8:] for _ in range(2_000)}
