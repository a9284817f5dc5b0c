from __future__ import annotations

import pytest

from generations.batches import feeder
from tests.generations.conftest import quiet

__all__ = ["quiet"]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine, a lot ends with its items and not with its time."""
    monkeypatch.setattr(feeder, "LOT_SECONDS", 600.0)
