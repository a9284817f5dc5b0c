"""Guard rules: the tenant's own, by type; the operator's are shown and stay."""

from __future__ import annotations

from decimal import Decimal

from accounts.models import Role
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import GuardRule, PlatformGuardRule
from tests.console.colleagues import Team
from tests.console.settings.addresses import SETTINGS, do, done, key_id, page, secret_of
from tests.factories import make_key
from tests.people.visitors import shown


def rule(team: Team, kind: str) -> GuardRule:
    with acting_as("operator"):
        rows = GuardRule.objects.filter(tenant=team.tenant, type=kind, set_by_operator=False)
        row: GuardRule = rows.order_by("-id")[0]
    return row


def act(row: GuardRule, name: str) -> str:
    return f"guard/{ids.encode(ids.GUARD_RULE, row.id)}/{name}/"


def test_rules_are_created_changed_switched_and_deleted(team: Team) -> None:
    admin = team.member(Role.ADMIN)
    key, _secret = make_key(team.tenant)
    done(admin, "guard/new/words/", words="gore\nblood", mode="live", api_key_id=key_id(key.id), description="Calm")
    words = rule(team, "words")
    assert (words.words, words.livemode, words.api_key_id) == (["gore", "blood"], True, key.id)
    listed = page(admin, "guard/")
    assert "refuses gore, blood" in listed
    assert f"Live, key {key.name}" in listed
    form = shown(admin.get(f"{SETTINGS}{act(words, 'change')}"))
    assert "gore\nblood" in form
    done(admin, act(words, "change"), words="gore", mode="", api_key_id="", description="Calm")
    words = rule(team, "words")
    assert (words.words, words.livemode, words.api_key_id) == (["gore"], None, None)
    done(admin, act(words, "off"))
    assert not rule(team, "words").enabled
    done(admin, act(words, "delete"))
    assert "refuses gore" not in page(admin, "guard/")
    done(admin, "guard/new/limits/", max_image_size="2K", max_amount="0.5", mode="", description="")
    limits = rule(team, "limits")
    assert (limits.max_image_size, limits.max_amount) == ("2K", Decimal("0.5"))
    done(admin, act(limits, "change"), max_image_size="1K", max_amount="", mode="", description="")
    assert (rule(team, "limits").max_image_size, rule(team, "limits").max_amount) == ("1K", None)
    refused = shown(do(admin, act(limits, "change"), max_image_size="", max_amount="", mode="", description=""))
    assert "Set max_image_size, max_amount or both." in refused


def test_a_hook_shows_its_secret_once_and_rotates(team: Team) -> None:
    admin = team.member(Role.ADMIN)
    values = {"url": "https://hooks.example/guard", "stages": ["before"], "timeout_seconds": "2", "on_error": "allow"}
    first = secret_of(do(admin, "guard/new/hook/", **values, mode="", description=""))
    hook = rule(team, "hook")
    assert secret_of(do(admin, act(hook, "rotate"))) != first
    done(admin, "guard/new/languages/", languages="en, zh", mode="test", description="")
    languages = rule(team, "languages")
    assert (languages.languages, languages.livemode) == (["en", "zh"], False)
    assert admin.get(f"{SETTINGS}{act(languages, 'rotate')}").status_code == 404


def test_the_operators_rules_are_shown_without_where_they_ask(team: Team) -> None:
    admin = team.member(Role.ADMIN)
    with acting_as("operator"):
        everybodys = PlatformGuardRule.objects.create(type="hook", url="https://secret.example/hook")
        theirs = GuardRule.objects.create(tenant=team.tenant, type="words", words=["venom"], set_by_operator=True)
    try:
        listed = page(admin, "guard/")
        assert "Set by the operator" in listed
        assert "venom" in listed
        assert "secret.example" not in listed
        assert admin.get(f"{SETTINGS}{act(theirs, 'delete')}").status_code == 404
    finally:
        with acting_as("operator"):
            PlatformGuardRule.objects.filter(id=everybodys.id).delete()
