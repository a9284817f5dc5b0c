from __future__ import annotations

from tests.api.accounts import account, books, http, other, reader
from tests.generations.conftest import quiet

__all__ = ["account", "books", "http", "other", "quiet", "reader"]
