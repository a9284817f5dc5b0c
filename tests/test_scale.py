"""docs/scale.md has what tests/bench/scale.py computes."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.scale import Figures, cores, first_limit
from tests.bench.scale_page import PAGE, page


def test_the_pages_tables_are_the_computed_ones() -> None:
    assert page(PAGE.read_text()) == PAGE.read_text(), "python -m tests.bench.scale_page writes them"


def test_what_is_twice_as_dear_takes_twice_as_much() -> None:
    figures = Figures()
    assert cores(2 * figures.web, 10**6) == 2 * cores(figures.web, 10**6)
    even = first_limit(figures, cores=4, largest=0.01)
    assert first_limit(replace(figures, postgresql=2 * figures.postgresql), cores=4, largest=0.01) < 0.6 * even
    # One tenant that is large is held up by its own rows, whatever cores there are.
    hot = first_limit(figures, cores=16, largest=0.6)
    assert abs(first_limit(figures, cores=64, largest=0.6) - hot) < 0.05 * hot
    assert hot * 0.6 < 1.1 * 1000 / figures.tenant_lock
