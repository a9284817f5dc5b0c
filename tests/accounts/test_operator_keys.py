"""Operators' keys open operators' views only, and tenants' keys never do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.actor import SYSTEM
from accounts.authentication import tokens
from accounts.authentication.operators import operator_of
from accounts.authentication.principal import principal_of
from accounts.models import AuditEvent, OperatorKey, OperatorRole
from accounts.operators.services import operator_key_create, operator_key_revoke
from cavendish.db.router import acting_as
from tests.factories import make_key, make_operator_key, make_tenant


def test_an_operator_key_is_an_operators_and_no_tenants() -> None:
    secret = make_operator_key("Nightly report")

    operator = operator_of(secret)

    assert operator is not None
    assert (operator.name, operator.actor.kind) == ("Nightly report", "operator_key")
    assert secret.startswith(operator.key_prefix)
    assert not tokens.is_well_formed(secret)
    assert principal_of(secret) is None


def test_its_last_use_is_noted_once_a_minute() -> None:
    secret = make_operator_key()

    def noted() -> datetime | None:
        with acting_as("operator"):
            return OperatorKey.objects.get(prefix=tokens.describe(secret).prefix).last_used_at

    assert noted() is None
    operator_of(secret)
    first = noted()
    operator_of(secret)
    assert first is not None
    assert noted() == first


def test_a_tenants_key_is_no_operators() -> None:
    _, secret = make_key(make_tenant())
    assert principal_of(secret) is not None
    assert operator_of(secret) is None


@pytest.mark.parametrize("wrong", ["", "cvd_operator_", "cvd_operator_" + "0" * 50, "x"])
def test_what_is_no_operator_key_finds_nobody(wrong: str) -> None:
    assert operator_of(wrong) is None


def test_a_key_with_another_secret_behind_its_prefix_is_refused() -> None:
    secret = make_operator_key()
    forged = secret[: len("cvd_operator_") + 12] + "A" * 32
    assert operator_of(forged + tokens._checksum(forged)) is None


def test_an_expired_or_revoked_operator_key_is_refused_and_both_are_audited() -> None:
    with acting_as("operator"):
        _, old = operator_key_create(
            name="Old", role=OperatorRole.FULL, expires_at=timezone.now() - timedelta(seconds=1)
        )
        row, revoked = operator_key_create(name="Revoked", role=OperatorRole.FULL)
        assert operator_of(revoked) is not None
        assert operator_key_revoke(key_id=row.id, actor=SYSTEM)
        assert not operator_key_revoke(key_id=row.id, actor=SYSTEM)
        events = list(AuditEvent.objects.filter(target_id=row.id.hex).order_by("id").values_list("action", flat=True))
    assert operator_of(old) is None
    assert operator_of(revoked) is None
    assert events == ["operator_key.created", "operator_key.revoked"]
