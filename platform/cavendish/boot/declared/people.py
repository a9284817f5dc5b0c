"""Settings of the section "People" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import HttpUrl
from cavendish.boot.declared.kinds import Choice, Day, Flag, Name, Text
from cavendish.boot.declared.setting import WEB, Example, Setting

SECTION = "People"
SETTINGS = [
    Setting(
        name="SIGNUP",
        kind=Choice(("closed", "oidc", "open")),
        default="closed",
        about="Who may make an account without an invitation",
        meaning=(
            "Who may make an account without an invitation: `closed` nobody, `oidc` whoever the provider "
            "below knows, `open` everybody, who then also makes tenants of their own"
        ),
        read_by=WEB,
        example=Example("closed", note="Who may make an account: closed (invitations), oidc, open. docs/people.md"),
    ),
    Setting(
        name="SIGNUP_PLAN",
        kind=Name("a plan's code"),
        default="standard",
        about="Plan of tenants that people open themselves",
        meaning="The plan of tenants that people open themselves",
        read_by=WEB,
    ),
    Setting(
        name="POLICY_VERSION",
        kind=Text("a version like 2026-11"),
        default="2026-11",
        about="Version of the use policy that is in force",
        meaning=(
            "The version of your use policy that is in force. Live jobs of a tenant run only after an owner "
            "has accepted it (403 `policy_not_accepted` until then), so announce a new one before you set it, "
            "or give grace"
        ),
        read_by=WEB,
    ),
    Setting(
        name="POLICY_GRACE_UNTIL",
        kind=Day(),
        about="Day up to which an older acceptance is enough",
        meaning="A day like `2026-12-31` (UTC), up to which an older acceptance is enough",
        read_by=WEB,
    ),
    Setting(
        name="POLICY_URL",
        kind=HttpUrl("an address like https://example.com/policy", path=True),
        about="Where the use policy can be read",
        meaning="Where the policy can be read; shown in the refusal and in `GET /api/v1/tenant`",
        read_by=WEB,
    ),
    Setting(
        name="ADMIN_REQUIRE_2FA",
        kind=Flag(),
        shown="true, unless BASE_URL is this machine",
        about="The admin opens only with a second factor",
        meaning="The admin opens only for a session with a second factor",
        read_by=WEB,
    ),
    Setting(
        name="OIDC_ISSUER",
        kind=HttpUrl("an address like https://id.example.com", path=True),
        about="OpenID Connect provider to sign in with",
        meaning=(
            "An OpenID Connect provider to sign in with: the https address below which "
            "`/.well-known/openid-configuration` is. Register `<BASE_URL>/account/oidc/sso/login/callback/` "
            "with it"
        ),
        read_by=WEB,
        example=Example("https://id.example.com", is_off=True),
    ),
    Setting(
        name="OIDC_CLIENT_ID",
        kind=Text(),
        about="Client id that the provider gave",
        meaning="The client id that the provider gave this platform",
        read_by=WEB,
        example=Example("", is_off=True),
    ),
    Setting(
        name="OIDC_CLIENT_SECRET",
        kind=Text(),
        about="Client secret that belongs to it",
        meaning="The client secret that belongs to it",
        read_by=WEB,
        is_secret=True,
        example=Example("", is_off=True),
    ),
    Setting(
        name="OIDC_NAME",
        kind=Text(),
        shown="the issuer's host",
        about="Name on the sign-in button",
        meaning="The name on the sign-in button",
        read_by=WEB,
        example=Example("Example ID", is_off=True),
    ),
]
