"""Members and invitations: who may do what to whom."""

from __future__ import annotations

from accounts.models import ApiKey, Invitation, Membership, Role
from cavendish.db import ids
from cavendish.db.router import acting_as
from tests.console.colleagues import Team, join
from tests.console.settings.addresses import SETTINGS, do, done, page
from tests.factories import make_key
from tests.people.visitors import Visitor, shown


def of(visitor: Visitor) -> str:
    return f"members/{ids.encode(ids.USER, visitor.user.id)}/"


def role_of(team: Team, visitor: Visitor) -> str | None:
    with acting_as("operator"):
        rows = Membership.objects.filter(tenant=team.tenant, user=visitor.user)
        role: str | None = rows.values_list("role", flat=True).first()
    return role


def invitation(team: Team, email: str) -> str:
    with acting_as("operator"):
        return f"members/invitations/{ids.encode(ids.INVITATION, Invitation.objects.get(email=email).id)}/"


def test_an_invitation_is_sent_resent_and_revoked(team: Team) -> None:
    admin = team.member(Role.ADMIN)
    form = shown(admin.get(f"{SETTINGS}members/invite/"))
    assert "Sees jobs and pictures. Changes nothing." in form
    assert 'value="owner"' not in form
    email = "new@example.com"
    assert "is invited" in done(admin, "members/invite/", email=email, role="viewer")
    guest = Visitor(email)
    assert len(guest.mails) == 1
    assert "is already invited" in shown(do(admin, "members/invite/", email=email, role="viewer"))
    assert "less than 10 minutes ago" in shown(do(admin, f"{invitation(team, email)}resend/"))
    assert "is revoked" in done(admin, f"{invitation(team, email)}revoke/")
    revoked = page(admin, "members/invitations/?state=revoked")
    assert email in revoked
    assert "Send again" not in revoked


def test_only_owners_have_power_over_owners() -> None:
    team = Team()
    owner, admin = team.member(), team.member(Role.ADMIN)
    assert f"{SETTINGS}{of(owner)}remove/" not in page(admin, "members/")
    assert "add, change or remove an owner" in shown(do(admin, f"{of(owner)}remove/"))
    refused = shown(do(admin, f"{of(owner)}role/", role="viewer"))
    assert "add, change or remove an owner" in refused
    refused = shown(do(admin, "members/invite/", email="x@example.com", role="owner"))
    assert "is not one of the available choices" in refused
    assert "A tenant needs an owner" in shown(do(owner, f"{of(owner)}leave/"))
    assert role_of(team, owner) == "owner"


def test_a_role_changes_and_says_what_it_allows() -> None:
    team = Team()
    owner, other = team.member(), join(team.tenant, Role.VIEWER)
    preview = owner.post(f"{SETTINGS}{of(other)}role/", headers={"HX-Request": "true"}, role="developer")
    assert "manages API keys and webhooks" in shown(preview)
    assert "is now: Developer" in done(owner, f"{of(other)}role/", role="developer")
    assert role_of(team, other) == "developer"
    assert "is now: Owner" in done(owner, f"{of(other)}role/", role="owner")


def test_who_is_removed_loses_their_keys() -> None:
    team = Team()
    owner, other = team.member(), join(team.tenant, Role.DEVELOPER)
    key, _secret = make_key(team.tenant)
    with acting_as("operator"):
        ApiKey.objects.filter(id=key.id).update(member=other.user)
    assert "One key that counts for this person is revoked" in shown(owner.get(f"{SETTINGS}{of(other)}remove/"))
    assert "is no longer a member" in done(owner, f"{of(other)}remove/")
    with acting_as("operator"):
        assert ApiKey.objects.get(id=key.id).revoked_at is not None
    assert other.get(SETTINGS).headers["Location"] == "/account/"


def test_everybody_may_leave() -> None:
    team = Team()
    viewer = join(team.tenant, Role.VIEWER)
    assert of(viewer) in page(viewer, "security/")
    assert viewer.get(f"{SETTINGS}{of(team.member())}leave/").status_code == 404
    answer = do(viewer, f"{of(viewer)}leave/")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/account/")
    assert role_of(team, viewer) is None


def test_the_list_finds_people_and_shows_second_factors() -> None:
    team = Team()
    owner = team.member()
    protected = join(team.tenant, Role.BILLING)
    protected.totp_add()
    listed = page(owner, "members/?two_factor=on").partition("<table")[2]
    assert protected.email in listed
    assert owner.email not in listed
    assert protected.email not in page(owner, "members/?role=viewer")
    assert protected.email in page(owner, f"members/?q={protected.email[:8]}")
