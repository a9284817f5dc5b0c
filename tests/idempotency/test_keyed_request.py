"""What a process leaves behind when it dies at any point of a request with an Idempotency-Key."""

from __future__ import annotations

import io
import secrets
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from accounts.authentication.principal import Principal, principal_of
from accounts.idempotency.digest import request_digest
from accounts.idempotency.errors import KeyInProgress, KeyReused
from accounts.idempotency.keyed_request import (
    KeyedRequest,
    keyed_request_begin,
    keyed_request_current,
    note_audited,
    note_created,
)
from accounts.idempotency.services import idempotency_keys_expire
from accounts.models import IdempotencyKey, Tenant
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from tests.factories import make_key, make_tenant


@pytest.fixture
def tenant() -> Tenant:
    return make_tenant()


@pytest.fixture
def who(tenant: Tenant) -> Principal:
    found = principal_of(make_key(tenant)[1])
    assert found is not None
    return found


def begin(who: Principal, key: str = "a", body: bytes = b"{}") -> KeyedRequest:
    request = RequestFactory().post("/api/v1/generations", body, content_type="application/json")
    return keyed_request_begin(owner=who, request=request, header=key)


def make(who: Principal, keyed: KeyedRequest) -> UUID:
    created_ids = new_id()
    with keyed_request_current(keyed), tenant_context(who.tenant_id):
        note_created(created_ids)
    return created_ids


def lease_ends(keyed: KeyedRequest) -> None:
    with acting_as("operator"):
        IdempotencyKey.objects.filter(id=keyed.id).update(leased_until=timezone.now())


def test_dead_between_commit_and_answer(who: Principal) -> None:
    created_ids = make(who, begin(who))
    again = begin(who)
    assert (again.is_replay, again.created_ids) == (True, [created_ids.hex])


def test_dead_before_the_commit(who: Principal) -> None:
    dead = begin(who)
    with pytest.raises(KeyInProgress):
        begin(who)
    lease_ends(dead)
    with pytest.raises(KeyReused):
        begin(who, body=b"[]")
    heir = begin(who)
    assert (heir.is_replay, heir.created_ids) == (False, [])
    # It was only slow: what it makes now is rolled back.
    with pytest.raises(KeyInProgress):
        make(who, dead)
    dead.end()
    dead.forget()
    created_ids = make(who, heir)
    assert begin(who).created_ids == [created_ids.hex]


def test_a_transaction_that_is_rolled_back_makes_nothing(who: Principal) -> None:
    keyed = begin(who)
    with keyed_request_current(keyed), tenant_context(who.tenant_id):
        note_created(new_id())
        transaction.set_rollback(True)
    keyed.forget()
    assert not begin(who).is_replay


def test_what_is_made_goes_before_what_is_audited(who: Principal) -> None:
    keyed, created_ids, audited = begin(who), new_id(), new_id()
    with keyed_request_current(keyed), tenant_context(who.tenant_id):
        note_audited(audited)
        note_created(created_ids)
        note_audited(new_id())
    assert begin(who).created_ids == [created_ids.hex]
    keyed = begin(who, "b")
    with keyed_request_current(keyed), tenant_context(who.tenant_id):
        note_audited(audited)
        note_audited(new_id())
    assert begin(who, "b").created_ids == [audited.hex]


def test_a_key_is_free_again_after_a_day(who: Principal) -> None:
    keyed = begin(who)
    make(who, keyed)
    with acting_as("operator"):
        row = IdempotencyKey.objects.get(id=keyed.id)
        assert row.expires_at >= timezone.now() + timedelta(hours=23, minutes=59)
        IdempotencyKey.objects.filter(id=keyed.id).update(expires_at=timezone.now())
    other = begin(who, body=b"[]")
    assert (other.is_replay, other.created_ids) == (False, [])
    with acting_as("operator"):
        IdempotencyKey.objects.filter(id=keyed.id).update(expires_at=timezone.now() - timedelta(seconds=1))
        assert idempotency_keys_expire() >= 1
        assert not IdempotencyKey.objects.filter(id=keyed.id).exists()


def test_the_keys_name_is_not_stored(who: Principal) -> None:
    name = secrets.token_hex(16)
    keyed = begin(who, name)
    with acting_as("operator"):
        assert name not in str(IdempotencyKey.objects.filter(id=keyed.id).values())


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_forms_boundary_does_not_count(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it lies across two pieces of the body."""
    monkeypatch.setattr("accounts.idempotency.digest.CHUNK_BYTES", size)

    def digest(boundary: str, value: str = "x" * 200) -> bytes:
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n{value}\r\n--{boundary}--\r\n'
        request = RequestFactory().post("/x", content_type=f"multipart/form-data; boundary={boundary}")
        request._stream = io.BytesIO(body.encode())
        found = request_digest(request)
        assert request._stream.read() == body.encode()
        return found

    same = {digest(boundary) for boundary in ("a" * 32, "b" * 32, "c" * 40)}
    assert len(same) == 1
    assert digest("a" * 32, "y") not in same
