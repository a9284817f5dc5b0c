"""Keys that ask the API, and what the audit says of it."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.models import Tenant
from tests.factories import make_key
from tests.generations.helpers import rows

Json = dict[str, Any]


class Caller:
    """Asks with one key."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        sent = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        headers = {"Authorization": f"Bearer {self.secret}"}
        return getattr(Client(), method)(f"/api/v1/{path}", headers=headers, **sent)

    def json(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Json:
        answer = self.ask(method, path, body)
        assert answer.status_code == status, answer.content
        found: Json = answer.json()
        return found

    def get(self, path: str) -> Json:
        return self.json("get", path)

    def refused(self, method: str, path: str, body: Any, status: int, code: str, *words: str) -> Json:
        problem = self.json(method, path, body, status=status)
        assert (problem["code"], problem["type"]) == (code, f"urn:cavendish:problem:{code}")
        said = " ".join([problem["detail"], *(error["detail"] for error in problem["errors"])])
        assert all(word in said for word in words), said
        return problem


def key_of(tenant: Tenant, **options: Any) -> Caller:
    return Caller(make_key(tenant, **options)[1])


def audited(tenant: Tenant) -> list[tuple[str, str]]:
    """(kind of the actor, action) of what was done to invoices and profiles, oldest first."""
    found = rows(
        "owner",
        """SELECT actor_kind, action FROM accounts_auditevent
           WHERE tenant_id = %s AND target IN ('invoice', 'billing_profile') ORDER BY id""",
        tenant.id,
    )
    return [(row["actor_kind"], row["action"]) for row in found]
