"""Request bodies that create and change operators and their keys."""

from __future__ import annotations

from accounts.keys.bodies import Future
from accounts.members.bodies import Email
from accounts.models import OperatorRole
from cavendish.http.json_body import Body, Choice, Text


class OperatorChange(Body):
    role = Choice(choices=OperatorRole.values, help_text="See docs/roles.md.")


class OperatorNew(OperatorChange):
    email = Email()
    name = Text(max_length=200, required=False, help_text="Of a new account.")


class OperatorKeyNew(OperatorChange):
    name = Text(max_length=100, help_text="What the key is for.")
    expires_at = Future(allow_null=True, required=False)
