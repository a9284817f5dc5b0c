"""The console's addresses hide another tenant's things: from its own people nothing, from a stranger's owner all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import httpx
import pytest
from django.urls import URLPattern, URLResolver

from accounts.members.services import membership_create
from accounts.models import Role
from accounts.people.services import user_create
from cavendish.above.console.urls import console
from tests.api.accounts import Account, open_account
from tests.api.accounts import Books as PlatformBooks
from tests.walls.test_ids import UNKNOWN, ids_of, snapshot

ACTS = ("cancel", "delete", "change", "raise", "rotate", "disable", "enable", "again", "default", "remove")
"""Values of `act` in addresses; one that a thing does not have is 404 for everybody."""
OTHER_NAMES = {"link_id": "share_link_id", "note_id": "credit_note_id", "method_id": "payment_method_id"}
"""Parameters of the console's addresses by the names that `ids_of` has for them."""
WORDS = {"act": "", "kind": "words", "number": "1"}
"""Parameters that name nothing of a tenant."""
NOBODYS = {"event_id": "evt_" + "0" * 32}


def addresses(entries: Any = None, prefix: str = "/console/") -> Iterator[tuple[str, list[str]]]:
    """(path, its parameters) of every address of the console that names something."""
    for entry in console[0] if entries is None else entries:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, path)
        elif isinstance(entry, URLPattern) and set(names := re.findall(r"<(?:\w+:)?(\w+)>", path)) - WORDS.keys():
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), names


def filled(path: str, ids: dict[str, str], act: str) -> str:
    values = {**NOBODYS, **ids, **{name: ids[known] for name, known in OTHER_NAMES.items()}, **WORDS, "act": act}
    return path.format(**values)


def without_what_differs(text: str, ids: dict[str, str]) -> str:
    """A page without the ids in its address, tokens against forged requests, and what a form is known by."""
    for name, value in ids.items():
        text = text.replace(value, UNKNOWN.get(name, ""))
    return re.sub(r'name="(csrfmiddlewaretoken|once)" value="[^"]*"', "", text)


@pytest.fixture(scope="module")
def owner(books: PlatformBooks, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture(scope="module")
def ids(owner: Account) -> dict[str, str]:
    return ids_of(owner)


@pytest.fixture(scope="module")
def stranger(books: PlatformBooks, http: httpx.Client) -> Iterator[httpx.Client]:
    """The owner of another tenant, signed in."""
    account = open_account(books, http)
    email, password = f"{token_hex(6)}@example.com", token_hex(12)
    with account.books.open():
        user = user_create(email=email, password=password)
        membership_create(tenant=account.tenant, user=user, role=Role.OWNER)
    with httpx.Client(base_url=http.base_url, timeout=60) as client:
        client.get("/account/login/")
        client.headers.update({"Origin": str(http.base_url).rstrip("/"), "X-CSRFToken": client.cookies["csrftoken"]})
        answer = client.post("/account/login/", data={"login": email, "password": password})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/console/"), answer.text
        client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
        yield client


def test_every_page_and_act_hides_another_tenants_things(
    owner: Account, stranger: httpx.Client, ids: dict[str, str]
) -> None:
    before = snapshot(owner, ids)
    walked = 0
    for path, names in addresses():
        for act in ACTS if "act" in names else ACTS[:1]:
            for ask in (stranger.get, stranger.post):
                foreign, unknown = ask(filled(path, ids, act)), ask(filled(path, UNKNOWN, act))
                assert foreign.status_code == unknown.status_code, (path, act, ask, foreign.status_code)
                assert foreign.status_code in {404, 405}, (path, act, ask, foreign.status_code)
                told = without_what_differs(foreign.text, ids)
                assert told == without_what_differs(unknown.text, ids), (path, act)
                walked += foreign.status_code == 404
    assert walked > 60
    assert snapshot(owner, ids) == before
