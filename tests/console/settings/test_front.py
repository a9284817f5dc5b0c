"""The front page of settings: what is unsafe now, each with its act, and how everything stands."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import ApiKey, Role, WebhookEndpoint
from cavendish.db.router import acting_as
from tests.console.colleagues import Team, join
from tests.console.settings.addresses import SETTINGS, key_id, page
from tests.factories import make_key, make_tenant


def test_keys_that_are_old_unused_or_unlimited_are_named() -> None:
    team = Team(make_tenant())
    old, unused, free = (make_key(team.tenant)[0] for _ in range(3))
    long_ago, now = timezone.now() - timedelta(days=400), timezone.now()
    with acting_as("operator"):
        rows = ApiKey.objects
        rows.filter(id=old.id).update(name="old", created_at=long_ago, last_used_at=now, requests_per_minute=10)
        rows.filter(id=unused.id).update(name="unused", created_at=now - timedelta(days=40), jobs_in_flight=2)
        rows.filter(id=free.id).update(name="free", last_used_at=now)
    shown = page(team.member(), "")
    assert "A key is older than a year" in shown
    assert f"{SETTINGS}keys/{key_id(old.id)}/rotate/" in shown
    assert "A key was never used" in shown
    assert f"{SETTINGS}keys/{key_id(unused.id)}/revoke/" in shown
    assert "A live key has no limit and no budget" in shown
    assert f"{SETTINGS}keys/{key_id(free.id)}/change/" in shown
    team.member().post(f"{SETTINGS}keys/{key_id(old.id)}/rotate/", overlap="0", confirm="1")
    assert "older than a year" not in page(team.member(), "")


def test_second_factors_policy_and_webhooks() -> None:
    team = Team(make_tenant(policy_version="", policy_accepted_at=None))
    second = join(team.tenant, Role.OWNER)
    shown = page(team.member(), "")
    assert "You have no second factor" in shown
    assert "An owner has no second factor" in shown
    assert "A second factor is not required" in shown
    assert "The use policy is not accepted" in shown
    second.totp_add()
    assert "An owner has no second factor" not in page(team.member(), "")
    with acting_as("operator"):
        WebhookEndpoint.objects.create(
            tenant=team.tenant, livemode=True, url="https://hooks.example/a", events=["*"], secret="",
            failing_since=timezone.now(),
        )  # fmt: skip
        WebhookEndpoint.objects.create(
            tenant=team.tenant, livemode=False, url="https://hooks.example/b", events=["*"], secret="",
            status="disabled", disabled_reason="gone",
        )  # fmt: skip
    shown = page(team.member(Role.DEVELOPER), "")
    assert "A webhook endpoint is failing" in shown
    assert "A failing webhook was disabled" in shown


def test_each_role_sees_its_own(team: Team) -> None:
    viewer = page(team.member(Role.VIEWER), "")
    assert "You have no second factor" in viewer
    assert f"{SETTINGS}general/" in viewer
    for hidden in ("members/", "keys/", "audit/", "leaving/", "guard/"):
        assert f'href="{SETTINGS}{hidden}"' not in viewer
    assert f'href="{SETTINGS}leaving/"' in page(team.member(), "")
