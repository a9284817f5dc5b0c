from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from google import genai

from tests.api.accounts import Account, Books, account, books, http, open_account, other, reader
from tests.compat.guide import make_inputs
from tests.compat.node import node_modules
from tests.services import Running

__all__ = ["account", "books", "http", "node_modules", "other", "reader"]


@pytest.fixture(scope="session")
def sampler(books: Books, http: httpx.Client) -> Account:
    """The tenant that runs the guide's samples."""
    return open_account(books, http, balance=1000)


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every picture that the samples read."""
    return make_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture
def client(platform: Running, account: Account) -> Iterator[genai.Client]:
    """The official SDK, as its users make it but for the two settings that the environment gives them."""
    made = genai.Client(api_key=account.secret, http_options={"base_url": platform.url})
    yield made
    made.close()
