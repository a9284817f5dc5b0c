from __future__ import annotations

from tests.generations.conftest import quiet

__all__ = ["quiet"]
