"""What a page asks the database: all statements of all roles, without the frames of transactions, and without the note
of a session's use, which comes once a minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections
from django.test.utils import CaptureQueriesContext

from tests.people.visitors import Visitor

ASIDE = re.compile(r'(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b|UPDATE "usersessions_usersession"')


@contextmanager
def statements() -> Iterator[Callable[[], list[str]]]:
    """Yields what returns the statements so far."""
    with ExitStack() as stack:
        seen = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
        yield lambda: [
            query["sql"] for each in seen for query in each.captured_queries if not ASIDE.match(query["sql"])
        ]


def compare(
    few: tuple[Visitor, str], many: tuple[Visitor, str], *, most: int, statuses: Collection[int] = (200, 302)
) -> None:
    """Opens a page with few rows and the same with many: neither asks more than `most`, nor the second more."""
    asked = []
    for visitor, address in (few, many):
        assert visitor.get(address).status_code in statuses, address  # what is asked once a minute is asked now
        with statements() as so_far:
            visitor.get(address)
            asked.append(so_far())
    assert max(len(each) for each in asked) <= most, "\n".join(asked[1])
    assert len(asked[1]) <= len(asked[0]), "\n".join(asked[1])
