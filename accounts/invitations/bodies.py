"""Request bodies that create invitations."""

from __future__ import annotations

from accounts.members.bodies import Email
from accounts.models import Role
from cavendish.http.json_body import Body, Choice


class InvitationNew(Body):
    email = Email()
    role = Choice(choices=Role.values)
