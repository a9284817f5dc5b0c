"""`manage.py operator_create EMAIL`: creates a login for the admin and prints its password once.

Somebody who has an account becomes an operator with it, and keeps its password.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from accounts.models import OperatorRole
from accounts.operators.services import operator_create
from cavendish.db.router import acting_as
from cavendish.http.problems import Refusal


class Command(BaseCommand):
    """Replaces Django's `createsuperuser`, which reads the migrations as the app's role: that one may not."""

    help = "Creates an operator and prints the password as JSON, null where there was an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--role", choices=OperatorRole.values, default=OperatorRole.FULL, help="see docs/roles.md")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"].lower()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email!r} is not an email address.") from None
        with acting_as("operator"):
            role = OperatorRole(options["role"])
            try:
                _, password = operator_create(email=email, role=role, name=options["name"])
            except Refusal as refusal:
                raise CommandError(str(refusal)) from None
        self.stdout.write(json.dumps({"email": email, "password": password, "role": role.value}))
