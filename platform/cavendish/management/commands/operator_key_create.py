"""`manage.py operator_key_create NAME`: creates a key for the operator's programs and prints it once."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import OperatorRole
from accounts.operators.services import operator_key_create
from cavendish.db.router import acting_as


class Command(BaseCommand):
    help = "Creates an operator key and prints it as JSON. It is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the key is for")
        parser.add_argument("--role", choices=OperatorRole.values, default=OperatorRole.FULL, help="see docs/roles.md")

    def handle(self, *args: Any, **options: Any) -> None:
        with acting_as("operator"):
            role = OperatorRole(options["role"])
            _, secret = operator_key_create(name=options["name"], role=role)
        self.stdout.write(json.dumps({"name": options["name"], "role": role.value, "api_key": secret}))
