"""Rows of a sweep, each by itself: what is wrong with one keeps no other from its turn."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from cavendish.db.away import is_away

logger = logging.getLogger(__name__)
Row = TypeVar("Row")


def each_done(
    rows: Iterable[Row], act: Callable[[Row], int], *, name: str, told: Callable[[Row], object] = lambda row: row
) -> int:
    """Returns the sum of what `act` returns, which has a transaction of its own for each row.

    A row that fails, for whatever reason, is logged as `told` names it and left out; the next run tries it again. A
    database that is away ends the sweep.
    """
    count = 0
    for row in rows:
        try:
            count += act(row)
        except Exception as error:
            if is_away(error):
                raise
            logger.error("%s cannot be done for %s: %s", name, told(row), type(error).__name__)
    return count
