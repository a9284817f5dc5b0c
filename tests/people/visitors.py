"""A visitor with a browser of their own: Django's client, from an address that nobody else has, and their mails."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from base64 import b32decode
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import AuditEvent, OperatorRole, User
from accounts.operators.services import operator_create
from accounts.people import secret_box
from accounts.people.services import user_create
from accounts.people.sessions import SessionStore, session_key_of
from cavendish.db.router import acting_as
from cavendish.mail.models import Mail

PASSWORD = "a long walk on the beach"


class Visitor:
    """`page` is the answer that was looked at last."""

    def __init__(self, email: str = "", *, address: str = "") -> None:
        self.email = email or f"{secrets.token_hex(6)}@example.com"
        self.address = address or f"10.{secrets.randbelow(256)}.{secrets.randbelow(256)}.{secrets.randbelow(256)}"
        self.client = Client(REMOTE_ADDR=self.address, HTTP_USER_AGENT="Mozilla/5.0 (X11; Linux) Firefox/140.0")
        self.page: Any = None

    def get(self, path: str, **headers: str) -> Any:
        self.page = self.client.get(path, headers=headers)
        return self.page

    def post(self, path: str, /, **data: Any) -> Any:
        headers = data.pop("headers", {})
        self.page = self.client.post(path, data, headers=headers)
        return self.page

    def sign_in(self, password: str = PASSWORD, *, next: str = "") -> Any:
        return self.post("/account/login/", login=self.email, password=password, **({"next": next} if next else {}))

    def sign_up(self, password: str = PASSWORD, name: str = "Ada") -> Any:
        return self.post("/account/signup/", name=name, email=self.email, password1=password)

    @property
    def session(self) -> SessionStore:
        """By the cookie, as it is in the database now."""
        cookie = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        return SessionStore(session_key_of(cookie.value) if cookie and cookie.value else None)

    @property
    def signed_in(self) -> bool:
        return self.client.get("/account/").status_code == 200

    @property
    def user(self) -> User:
        return User.objects.get(email=self.email)

    @property
    def mails(self) -> list[Mail]:
        with acting_as("operator"):
            return list(Mail.objects.filter(to=[self.email]).order_by("created_at"))

    @property
    def mailed_code(self) -> str:
        return extract(r"^    (\S+)$", self.mails[-1].text)

    @property
    def audit(self) -> list[str]:
        """What they did, the oldest first."""
        with acting_as("operator"):
            rows = AuditEvent.objects.filter(target="person", target_id=self.user.id.hex).order_by("id")
            return [row.action.removeprefix("person.") for row in rows]

    def totp_add(self) -> None:
        """An authenticator app, set up on the pages."""
        self.get("/account/2fa/totp/activate/")
        if self.page.status_code == 302:
            self.post("/account/reauthenticate/", password=PASSWORD)
            self.get("/account/2fa/totp/activate/")
        secret = extract(r'<code class="secret">(\w+)</code>', self.page.content.decode())
        assert self.post("/account/2fa/totp/activate/", code=code_of(secret)).status_code == 302

    def totp_code(self, *, step: int = 0) -> str:
        sealed = Authenticator.objects.get(user=self.user, type=Authenticator.Type.TOTP).data["secret"]
        return code_of(secret_box.unseal(sealed) or "", step=step)


def code_of(secret: str, *, step: int = 0) -> str:
    """What an authenticator app shows now, or `step` times 30 seconds later (RFC 6238)."""
    counter = (int(time.time()) // 30 + step).to_bytes(8, "big")
    digest = hmac.new(b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def person(*, operator: bool = False, role: OperatorRole = OperatorRole.FULL) -> Visitor:
    """Somebody with an account and PASSWORD; an operator has the role."""
    visitor = Visitor()
    with acting_as("operator"):
        if operator:
            operator_create(email=visitor.email, password=PASSWORD, name="Grace", role=role)
        else:
            user_create(email=visitor.email, password=PASSWORD, name="Grace")
    return visitor


def extract(pattern: str, text: str) -> str:
    """Returns the first group of the pattern in the text."""
    match = re.search(pattern, text, re.MULTILINE)
    assert match, f"{pattern} is not in:\n{text}"
    return match[1]


def shown(response: HttpResponse) -> str:
    """A page without what differs each time: tokens against forged requests."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
