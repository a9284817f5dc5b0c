"""The tenant's own settings: name, origins, test mode, retention, and a second factor for everybody."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from accounts.models import Role
from cavendish.db.router import acting_as
from generations.models import Generation
from tests.console.colleagues import Team, join
from tests.console.settings.addresses import SETTINGS, actions, do, done, now, page
from tests.factories import make_tenant, submit_generation
from tests.people.visitors import Visitor, shown


def test_name_origins_and_test_mode(team: Team) -> None:
    admin = team.member(Role.ADMIN)
    done(admin, "general/name/", name="Acme & Sons")
    assert "Acme &amp; Sons" in page(admin, "general/")
    done(admin, "origins/scripts/", allowed_origins="https://app.example.com\n http://localhost:3000 ")
    done(admin, "origins/frames/", frame_origins="https://www.example.com")
    assert now(team.tenant).allowed_origins == ["https://app.example.com", "http://localhost:3000"]
    assert "is not an origin" in shown(do(admin, "origins/scripts/", allowed_origins="app.example.com/x"))
    done(admin, "general/test-mode/off/")
    assert not now(team.tenant).test_keys_enabled
    done(admin, "general/test-mode/on/")
    limits = page(team.member(Role.VIEWER), "general/")
    assert "Pictures a minute" in limits
    assert "test-mode" not in limits


def test_a_shorter_retention_says_what_it_deletes() -> None:
    team = Team(make_tenant())
    owner = team.member()
    job = submit_generation(team.tenant)
    long_ago = timezone.now() - timedelta(days=90)
    with acting_as("operator"):
        old = Generation.objects.filter(id=job)
        old.update(status="succeeded", finished_at=long_ago)
    asked = {"headers": {"HX-Request": "true"}, "output_retention_days": "30"}
    preview = shown(owner.post(f"{SETTINGS}data/outputs/", **asked))
    assert "forever" in preview
    assert "30 days" in preview
    assert "Nothing is that old yet." in preview  # the id says that it was made today
    done(owner, "data/outputs/", output_retention_days="30")
    assert now(team.tenant).output_retention_days == 30
    done(owner, "data/inputs/", input_retention_days="")
    assert "30 days" in page(owner, "data/")
    assert "Smaller copies" in page(owner, "data/storage/")


def test_whoever_requires_a_second_factor_has_one() -> None:
    team = Team(make_tenant())
    owner, viewer = team.member(), team.member(Role.VIEWER)
    assert "Set up your own first" in page(owner, "security/")
    refused = shown(do(owner, "security/require/"))
    assert "Set up two-factor authentication for yourself first" in refused
    assert not now(team.tenant).requires_two_factor
    owner.totp_add()
    preview = shown(owner.post(f"{SETTINGS}security/require/", headers={"HX-Request": "true"}, once="1"))
    assert "One member has none yet: Grace" in preview
    answer = do(owner, "security/require/")
    assert answer.status_code == 204, shown(answer)
    assert now(team.tenant).requires_two_factor
    assert actions(team.tenant)[-1] == "tenant.changed"
    assert viewer.get(SETTINGS).headers["Location"] == "/account/2fa/"
    with_code(owner)
    assert "Stop requiring it" in page(owner, "security/")
    done(owner, "security/allow/")
    assert viewer.get(SETTINGS).status_code == 200


def with_code(visitor: Visitor) -> None:
    """Enters the code of the app in this session, where it is asked for."""
    answer = visitor.get(SETTINGS)
    if answer.status_code == 302:
        visitor.post(answer.headers["Location"], code=visitor.totp_code(step=1))


def test_the_policy_is_read_by_all_and_accepted_by_owners() -> None:
    team = Team(make_tenant(policy_version="", policy_accepted_at=None))
    assert "An owner of" in page(team.member(Role.VIEWER), "policy/")
    owner = team.member()
    form = shown(owner.get(f"{SETTINGS}policy/accept/"))
    assert 'name="version" value="2026-11"' in form
    assert "can now run live jobs" in done(owner, "policy/accept/", version="2026-11")
    assert f"{owner.email} accepted it" in page(owner, "policy/")


def test_members_see_only_what_their_role_lets_them_change() -> None:
    team = Team(make_tenant())
    viewer = join(team.tenant, Role.VIEWER)
    for path in ("general/", "origins/", "data/"):
        assert 'hx-get="/console/settings/' not in page(viewer, path).replace("data/storage/", "").replace(
            'hx-get="/console/settings/"', ""
        )
