"""Whose bytes an upload is: a member's have the tenant's room, those of anybody else a stranger's."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import resolve

from accounts.authentication.admission import admission_of
from accounts.models import Role
from accounts.people.sessions import session_key_of
from cavendish.above.console.batches.sheet import MAX_BYTES
from cavendish.http.admission import STRANGER, Caller, HeadHeaders, RequestHead, Unread
from tests.console.colleagues import Team
from tests.people.visitors import Visitor

UPLOADS = ("/console/playground/upload", "/console/batches/upload")


def caller(path: str, visitor: Visitor | None, *, secret: str = "", method: str = "POST") -> Caller:
    """Whom a request's bytes are counted for, as the layer in front of Django asks it."""
    cookies = {name: morsel.value for name, morsel in visitor.client.cookies.items()} if visitor else {}
    if secret:
        cookies[settings.SESSION_COOKIE_NAME] = secret
    text = "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()
    head = RequestHead(method, path, "", HeadHeaders([(b"cookie", text)] if text else []), "203.0.113.9")
    admission = admission_of(resolve(path).func, {})  # type: ignore[arg-type]
    assert admission is not None, path
    found = admission.known(head)
    return admission.read(head) if isinstance(found, Unread) else found


@pytest.mark.parametrize("path", UPLOADS)
def test_a_members_upload_has_the_tenants_room(team: Team, path: str) -> None:
    member = team.member(Role.DEVELOPER)
    assert caller(path, member) == Caller(str(team.tenant.id))
    assert caller(path, member, method="GET") == STRANGER
    assert settings.MAX_FILE_BYTES > MAX_BYTES  # tables are read into memory: no more of them than that


@pytest.mark.parametrize("path", UPLOADS)
def test_nobody_else_has_more_than_a_strangers_room(team: Team, path: str) -> None:
    assert caller(path, None) == STRANGER
    assert caller(path, None, secret="made-up") == STRANGER
    # What the database holds is no cookie.
    stored = session_key_of(team.member(Role.DEVELOPER).client.cookies[settings.SESSION_COOKIE_NAME].value)
    assert caller(path, None, secret=stored) == STRANGER
    left = Visitor(team.member(Role.VIEWER).email)
    left.sign_in()
    cookie = left.client.cookies[settings.SESSION_COOKIE_NAME].value
    left.post("/account/logout/")
    assert caller(path, None, secret=cookie) == STRANGER
