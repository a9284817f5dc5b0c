"""Tenants of the running platform, asked over HTTP and looked at from behind: in its database and its data folder."""

from __future__ import annotations

import base64
import io
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from django.db import connections
from django.utils import timezone
from PIL import Image

from accounts.actor import SYSTEM
from accounts.keys.services import api_key_create
from accounts.models import ApiKey, Tenant
from accounts.tenants.services import tenant_create
from billing.models import Hold, LedgerEntry, Plan, Wallet
from billing.plans.services import plan_ensure, tenant_open
from billing.wallets.services import wallet_top_up
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import File, Generation, Output
from tests.openapi import check_answer
from tests.services import Running

FLASH = "gemini-3.1-flash-image"
LITE = "gemini-3.1-flash-lite-image"
PRO = "gemini-3-pro-image"
OLD = "gemini-2.5-flash-image"
SMALL = {"type": "image", "image_size": "512", "aspect_ratio": "1:1"}
"""The response_format that is made fastest."""

Json = dict[str, Any]


def picture(width: int = 64, height: int = 48, format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 120, 10)).save(file, format)
    return file.getvalue()


def noise(side: int) -> bytes:
    """A PNG of about 3 × side² bytes."""
    file = io.BytesIO()
    Image.frombytes("RGB", (side, side), secrets.token_bytes(3 * side * side)).save(file, "PNG")
    return file.getvalue()


def image(data: bytes | None = None, **fields: Any) -> Json:
    return {"type": "image", "data": base64.b64encode(data or picture()).decode(), **fields}


def text(value: str = "a cat") -> Json:
    return {"type": "text", "text": value}


@dataclass(frozen=True)
class Trace:
    """Everything that a request could leave behind for one tenant."""

    held: Decimal
    balance: Decimal
    generations: int
    holds: int
    files: int
    outputs: int
    entries: int
    objects: frozenset[str]


class Books:
    """The platform's database, as its operator, through the product's own models."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.alias = f"platform_{secrets.token_hex(4)}"
        said = json.loads((running.data_dir / "connection.json").read_text())
        url = urlsplit(said["DATABASE_OPERATOR_URL"])
        connections.settings[self.alias] = {
            **connections.settings["operator"],
            "HOST": url.hostname,
            "PORT": str(url.port),
            "USER": url.username,
            "PASSWORD": url.password,
            "NAME": url.path.lstrip("/"),
        }

    def close(self) -> None:
        connections[self.alias].close()
        del connections.settings[self.alias]

    @contextmanager
    def open(self) -> Iterator[None]:
        with acting_as(self.alias):
            yield

    def trace(self, tenant_id: UUID) -> Trace:
        folder = self.running.data_dir / "objects" / "tenants" / tenant_id.hex
        with self.open():
            wallet = Wallet.objects.get(tenant_id=tenant_id, livemode=True)
            return Trace(
                held=wallet.held,
                balance=wallet.balance,
                generations=Generation.objects.filter(tenant_id=tenant_id).count(),
                holds=Hold.objects.filter(tenant_id=tenant_id).count(),
                files=File.objects.filter(tenant_id=tenant_id, deleted_at=None).count(),
                outputs=Output.objects.filter(tenant_id=tenant_id).count(),
                entries=LedgerEntry.objects.filter(tenant_id=tenant_id).count(),
                objects=frozenset(str(path) for path in folder.rglob("*") if path.is_file()),
            )

    def spooled(self) -> list[Path]:
        """What lies in the folders of requests that are over."""
        return list((self.running.data_dir / "spool" / "requests").glob("*"))


class Account:
    """A tenant of its own and one of its keys."""

    def __init__(self, books: Books, http: httpx.Client, tenant: Tenant, secret: str, *, livemode: bool = True) -> None:
        self.books = books
        self.http = http
        self.tenant = tenant
        self.secret = secret
        self.livemode = livemode

    def key(self, *, livemode: bool = True, scopes: Sequence[str] | None = None, **fields: Any) -> Account:
        """The same tenant with another key; `fields` are those of ApiKey."""
        with self.books.open():
            row, secret = api_key_create(tenant_id=self.tenant.id, name="Test", livemode=livemode, scopes=scopes)
            if fields:
                ApiKey.objects.filter(id=row.id).update(**fields)
        return Account(self.books, self.http, self.tenant, secret, livemode=livemode)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        answer = self.http.request(method, path, headers={**self.headers, **(headers or {})}, **options)
        assert answer.status_code < 500, answer.text
        content_type = answer.headers.get("content-type", "")
        check_answer(method, answer.url.path, answer.status_code, content_type, answer.content, sent_key=self.secret)
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)

    def patch(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("DELETE", path, **options)

    def submit(self, *, wait: int = 60, **body: Any) -> httpx.Response:
        small = {"response_format": SMALL} if body.get("model", FLASH) == FLASH else {}
        whole = {"model": FLASH, "input": "a cat", **small, **body}
        whole = {name: value for name, value in whole.items() if value is not None}
        return self.post("/api/v1/generations", json=whole, headers={"Prefer": f"wait={wait}"})

    def generate(self, **body: Any) -> Json:
        """A generation that has ended, whatever its end."""
        answer = self.submit(**body)
        assert answer.status_code == 200, answer.text
        done: Json = answer.json()
        assert done["status"] in {"succeeded", "failed", "canceled"}
        return done

    def make(self, **body: Any) -> Json:
        done = self.generate(**body)
        assert done["status"] == "succeeded", done["error"]
        return done

    def upload(self, data: bytes | None = None, mime_type: str = "image/png", name: str = "x.png") -> httpx.Response:
        return self.post("/api/v1/files", files={"file": (name, data or picture(), mime_type)})

    def file(self, data: bytes | None = None) -> Json:
        answer = self.upload(data)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    @property
    def trace(self) -> Trace:
        return self.books.trace(self.tenant.id)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """What is done inside leaves nothing behind: no row, no hold, no object, no file in the spool."""
        before, spooled = self.trace, set(self.books.spooled())
        yield
        assert self.trace == before
        assert set(self.books.spooled()) <= spooled

    def refused(
        self,
        answer_of: httpx.Response,
        status: int,
        code: str,
        pointer: str | None = None,
        field_code: str | None = None,
        *words: str,
    ) -> Json:
        """The problem that `answer_of` is; use it inside `untouched`."""
        assert answer_of.status_code == status, answer_of.text
        assert answer_of.headers["content-type"] == "application/problem+json"
        problem: Json = answer_of.json()
        assert len(answer_of.content) <= 4000
        assert (problem["status"], problem["code"]) == (status, code)
        assert problem["type"] == f"urn:cavendish:problem:{code}"
        if pointer is not None:
            assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, field_code)]
        said = " ".join([problem["detail"], *(error["detail"] for error in problem["errors"])])
        for word in words:
            assert word in said, said
        return problem


def open_account(
    books: Books, http: httpx.Client, *, balance: int | str = 100, plan: Plan | None = None, **settings: Any
) -> Account:
    with books.open():
        name = f"t-{secrets.token_hex(6)}"
        accepted = {"policy_version": "2026-11", "policy_accepted_at": timezone.now()}
        tenant = tenant_create(slug=name, name=name, **{**accepted, **settings})
        tenant_open(tenant=tenant, plan=plan or plan_ensure(slug="standard", name="Standard"))
        if Decimal(balance):
            wallet_top_up(tenant_id=tenant.id, amount=Decimal(balance), reason="Test", actor=SYSTEM)
        _, secret = api_key_create(tenant_id=tenant.id, name="Test", livemode=True)
    return Account(books, http, tenant, secret)


def uuid_of(public: str) -> UUID:
    prefix = public.partition("_")[0]
    found = ids.decode(prefix, public)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def http(platform: Running) -> Iterator[httpx.Client]:
    # Named, so that two refusals differ in nothing else either.
    with httpx.Client(base_url=platform.url, timeout=90, headers={"X-Request-Id": "tests"}) as client:
        yield client


@pytest.fixture(scope="session")
def books(platform: Running, django_db_setup: None) -> Iterator[Books]:
    found = Books(platform)
    yield found
    found.close()


@pytest.fixture
def account(books: Books, http: httpx.Client) -> Account:
    """A tenant with money and a live key of all scopes, made for this test."""
    return open_account(books, http)


@pytest.fixture
def other(books: Books, http: httpx.Client) -> Account:
    """Another tenant."""
    return open_account(books, http)


@pytest.fixture(scope="session")
def reader(books: Books, http: httpx.Client) -> Account:
    """A tenant for tests that must change nothing."""
    return open_account(books, http)
