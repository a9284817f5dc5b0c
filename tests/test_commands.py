"""The commands with which an operator makes tenants and logins."""

from __future__ import annotations

import json
import secrets
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.authentication.principal import principal_of
from accounts.models import Tenant, User
from billing.models import Wallet
from cavendish.db.router import acting_as


def call(*arguments: str) -> dict[str, str]:
    written = StringIO()
    call_command(*arguments, stdout=written)
    answer: dict[str, str] = json.loads(written.getvalue())
    return answer


def test_tenant_create_makes_a_tenant_that_can_start() -> None:
    slug = f"t-{secrets.token_hex(6)}"

    made = call("tenant_create", slug, "--balance", "12.50")

    live, test = principal_of(made["api_key"]), principal_of(made["test_api_key"])
    assert live is not None
    assert test is not None
    assert (live.tenant_slug, live.livemode, test.livemode) == (slug, True, False)
    with acting_as("operator"):
        assert Wallet.objects.get(tenant_id=live.tenant_id, livemode=True).balance == Decimal("12.50")


@pytest.mark.parametrize("balance", ["-5", "NaN", "1e-12"])
def test_tenant_create_leaves_nothing_behind_when_the_balance_is_wrong(balance: str) -> None:
    slug = f"t-{secrets.token_hex(6)}"

    with pytest.raises(CommandError, match="Nothing was created"):
        call("tenant_create", slug, f"--balance={balance}")

    with acting_as("operator"):
        assert not Tenant.objects.filter(slug=slug).exists()


def test_operator_create_makes_a_login_for_the_admin() -> None:
    email = f"Ops-{secrets.token_hex(4)}@example.com"

    made = call("operator_create", email)

    assert made["email"] == email.lower()
    with acting_as("operator"):
        user = authenticate(username=email, password=made["password"])
    assert isinstance(user, User)
    assert user.is_staff
    with pytest.raises(CommandError, match="already"):
        call("operator_create", email)
    with pytest.raises(CommandError, match="not an email address"):
        call("operator_create", "nobody")
