"""What a page asks the database: all statements of all roles, without the frames of transactions, and without the note
of a session's use, which comes once a minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from django.db import connections
from django.test.utils import CaptureQueriesContext

ASIDE = re.compile(r'(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b|UPDATE "usersessions_usersession"')


@contextmanager
def statements() -> Iterator[Callable[[], list[str]]]:
    """Yields what returns the statements so far."""
    with ExitStack() as stack:
        seen = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
        yield lambda: [
            query["sql"] for each in seen for query in each.captured_queries if not ASIDE.match(query["sql"])
        ]
