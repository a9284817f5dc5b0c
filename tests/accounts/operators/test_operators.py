"""Operators and their keys, over the API and in the services: made, demoted, removed, and never the last one."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections, transaction
from rest_framework.test import APIClient

from accounts.actor import SYSTEM, Actor
from accounts.authentication.operators import operator_of
from accounts.errors import AddressUnverified, LastFullOperator, OperatorNotAllowed, OwnRole
from accounts.models import AuditEvent, OperatorKey, OperatorRole, User
from accounts.operators.services import (
    operator_create,
    operator_key_create,
    operator_remove,
    operator_role_change,
)
from accounts.people.services import person_close, person_reopen, user_create
from cavendish.db.ids import USER, encode
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from tests.factories import make_operator_key
from tests.races import until

FULL, SUPPORT, FINANCE = OperatorRole.FULL, OperatorRole.SUPPORT, OperatorRole.FINANCE


@pytest.fixture(autouse=True)
def as_operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


def email() -> str:
    return f"{secrets.token_hex(6)}@operator.example"


def operator(role: OperatorRole = FULL) -> User:
    return operator_create(email=email(), role=role)[0]


def actor_of(user: User) -> Actor:
    return Actor("operator", user.id, user.email, "198.51.100.9")


def history(target: Any) -> list[tuple[str, Any, Any]]:
    rows = AuditEvent.objects.filter(target_id=target.id.hex).order_by("id")
    return [(row.action, row.before.get("role"), row.after.get("role")) for row in rows]


@pytest.fixture
def only_pair() -> Iterator[tuple[User, User]]:
    """Two operators with the role full, and nobody else active who has it."""
    others = User.objects.filter(operator_role=FULL, is_active=True)
    ids = list(others.values_list("id", flat=True))
    others.update(is_active=False)
    pair = operator(), operator()
    yield pair
    User.objects.filter(id__in=[user.id for user in pair]).update(is_active=False)
    User.objects.filter(id__in=ids).update(is_active=True)


def test_an_operator_is_made_demoted_and_removed_and_all_of_it_is_audited() -> None:
    grace, ada = operator(), operator()
    _, secret = operator_key_create(name="Ada's", role=FULL, actor=actor_of(ada))
    _, weak = operator_key_create(name="Ada's report", role=OperatorRole.READ_ONLY, actor=actor_of(ada))
    operator_role_change(user_id=ada.id, role=SUPPORT, actor=actor_of(grace))
    operator_role_change(user_id=ada.id, role=SUPPORT, actor=actor_of(grace))
    assert User.objects.get(id=ada.id).operator_role == SUPPORT
    assert (operator_of(secret), operator_of(weak) is None) == (None, False)  # what has more than she has is revoked
    operator_remove(user_id=ada.id, actor=actor_of(grace))
    removed = User.objects.get(id=ada.id)
    assert (removed.is_staff, removed.operator_role, removed.is_active) == (False, "", True)
    assert operator_of(weak) is None
    assert history(ada) == [
        ("operator.created", None, "full"), ("operator.role_changed", "full", "support"),
        ("operator.removed", "support", None),
    ]  # fmt: skip
    with pytest.raises(Problem, match="404"):
        operator_remove(user_id=ada.id, actor=actor_of(grace))


@pytest.mark.parametrize("role", [SUPPORT, FINANCE, OperatorRole.READ_ONLY])
def test_nobody_else_makes_operators_or_keys(role: OperatorRole) -> None:
    grace, ada = operator(role), operator()
    for act in (
        lambda: operator_create(email=email(), role=role, actor=actor_of(grace)),
        lambda: operator_role_change(user_id=ada.id, role=role, actor=actor_of(grace)),
        lambda: operator_remove(user_id=ada.id, actor=actor_of(grace)),
        lambda: operator_key_create(name="k", role=role, actor=actor_of(grace)),
    ):
        with pytest.raises(OperatorNotAllowed):
            act()
    assert User.objects.get(id=ada.id).operator_role == FULL


def test_nobody_changes_or_removes_themselves_neither_with_a_key() -> None:
    grace = operator()
    key, _ = operator_key_create(name="Grace's", role=FULL, actor=actor_of(grace))
    child, _ = operator_key_create(name="The key's", role=FULL, actor=Actor("operator_key", key.id, key.prefix))
    assert child.created_by_id == grace.id
    for actor in (actor_of(grace), *(Actor("operator_key", row.id, row.prefix) for row in (key, child))):
        with pytest.raises(OwnRole):
            operator_role_change(user_id=grace.id, role=SUPPORT, actor=actor)
        with pytest.raises(OwnRole):
            operator_remove(user_id=grace.id, actor=actor)


def test_the_last_one_who_may_do_everything_stays(only_pair: tuple[User, User]) -> None:
    grace, ada = only_pair
    assert person_close(user=ada, actor=actor_of(grace))
    for act in (
        lambda: operator_role_change(user_id=grace.id, role=FINANCE, actor=SYSTEM),
        lambda: operator_remove(user_id=grace.id, actor=SYSTEM),
        lambda: person_close(user=grace, actor=SYSTEM),
    ):
        with pytest.raises(LastFullOperator):
            act()
    assert person_reopen(user=ada, actor=SYSTEM)
    operator_role_change(user_id=grace.id, role=FINANCE, actor=actor_of(ada))


def test_of_two_who_demote_each_other_one_stays(only_pair: tuple[User, User]) -> None:
    results: list[str] = []

    def demote(user: User, by: User) -> None:
        with acting_as("operator"):
            try:
                # The platform's name: the other's role may be gone by the time that it is asked for.
                operator_role_change(user_id=user.id, role=SUPPORT, actor=SYSTEM)
                results.append("demoted")
            except LastFullOperator:
                results.append("refused")
            finally:
                connections["operator"].close()

    grace, ada = only_pair
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"
    with psycopg.connect(conninfo("owner")) as blocker:
        blocker.execute("SELECT 1 FROM accounts_user WHERE id = ANY (%s) FOR UPDATE", [[grace.id, ada.id]])
        threads = [threading.Thread(target=demote, args=pair) for pair in ((grace, ada), (ada, grace))]
        for thread in threads:
            thread.start()
        with psycopg.connect(conninfo("owner"), autocommit=True) as watcher:
            until(lambda: watcher.execute(waiting).fetchone() == (2,))
        blocker.commit()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["demoted", "refused"]
    assert User.objects.filter(operator_role=FULL, is_active=True).count() == 1


def test_an_account_that_exists_becomes_an_operators_once_its_address_is_verified() -> None:
    ada = user_create(email=email(), password="a long pass phrase")
    user, password = operator_create(email=ada.email.upper(), role=FINANCE)
    assert (user.id, password, user.check_password("a long pass phrase")) == (ada.id, None, True)
    squatter = User.objects.db_manager("operator").create_user(email(), "x")
    with pytest.raises(AddressUnverified):
        operator_create(email=squatter.email, role=FINANCE)
    assert not User.objects.get(id=squatter.id).is_staff


def test_a_key_does_not_work_while_its_makers_account_is_deactivated() -> None:
    grace, _ = operator(), operator()  # the last one with all rights stays
    _, secret = operator_key_create(name="Grace's", role=FULL, actor=actor_of(grace))
    person_close(user=grace, actor=SYSTEM)
    assert operator_of(secret) is None
    person_reopen(user=grace, actor=SYSTEM)
    assert operator_of(secret) is not None


def test_a_role_is_of_staff_alone() -> None:
    with pytest.raises(Exception, match="user_role_of_staff"), transaction.atomic(using="operator"):
        User.objects.db_manager("operator").create_user(email(), "x", operator_role=FULL)


def test_operators_and_keys_over_the_api() -> None:
    program = APIClient(HTTP_AUTHORIZATION=f"Bearer {make_operator_key()}")
    body = {"email": email(), "name": "Ada", "role": "finance"}
    first, again = (
        program.post("/api/v1/operators", body, format="json", headers={"idempotency-key": "o" + body["email"]})
        for _ in "12"
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["password"]
    assert again.json() == {name: value for name, value in first.json().items() if name != "password"}
    path = first.headers["Location"]
    assert program.post("/api/v1/operators", body, format="json").json()["code"] == "already_operator"
    assert program.patch(path, {"role": "read_only"}, format="json").json()["role"] == "read_only"
    assert program.get(path).json()["role"] == "read_only"
    assert encode(USER, User.objects.get(email=body["email"]).id) in [
        row["id"] for row in program.get("/api/v1/operators?limit=100").json()["data"]
    ]
    assert program.delete(path).status_code == 204
    assert program.get(path).status_code == 404

    made = program.post("/api/v1/operator-keys", {"name": "Report", "role": "read_only"}, format="json").json()
    reader = APIClient(HTTP_AUTHORIZATION=f"Bearer {made['secret']}")
    assert reader.get("/api/v1/operator-keys?limit=1").json()["data"][0]["id"] == made["id"]
    assert reader.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 200
    revoked = program.post(f"/api/v1/operator-keys/{made['id']}/revoke").json()
    assert (revoked["status"], "secret" in revoked) == ("revoked", False)
    assert reader.get("/api/v1/operator-keys").status_code == 401


def test_the_commands_state_the_role(capsys: pytest.CaptureFixture[str]) -> None:
    address = email()
    call_command("operator_create", address, "--role", "support")
    assert '"role": "support"' in capsys.readouterr().out
    assert User.objects.get(email=address).operator_role == SUPPORT
    call_command("operator_key_create", address, "--role", "finance")
    assert '"role": "finance"' in capsys.readouterr().out
    assert OperatorKey.objects.get(name=address).role == FINANCE
