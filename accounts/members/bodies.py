"""Request bodies that change members."""

from __future__ import annotations

from typing import Any

from django.core.validators import validate_email

from accounts.models import Role
from cavendish.http.json_body import Body, Choice, Text


class Email(Text):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)
        self.validators.append(validate_email)


class MemberChange(Body):
    role = Choice(choices=Role.values)
