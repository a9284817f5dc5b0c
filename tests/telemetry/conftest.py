from __future__ import annotations

from tests.api.accounts import account, books, http, other, reader

__all__ = ["account", "books", "http", "other", "reader"]
