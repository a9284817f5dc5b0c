from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google import genai
from google.genai import types

from tests.api.accounts import Account, account, books, http, other, reader

__all__ = ["account", "books", "http", "other", "reader"]


@pytest.fixture
def sdk(account: Account) -> Iterator[Any]:
    """The official SDK as the tenant of `account`. Its types are unions and optionals throughout, hence Any."""
    options = types.HttpOptions(base_url=str(account.http.base_url))
    client = genai.Client(api_key=account.secret, http_options=options)
    yield client
    client.close()
