"""`manage.py roles_page`: writes docs/roles.md from the roles' permissions in the code."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts.roles.permissions import as_markdown


class Command(BaseCommand):
    help = "Writes docs/roles.md from accounts/roles/permissions.py."

    def handle(self, *args: Any, **options: Any) -> None:
        page = settings.BASE_DIR.parents[1] / "docs" / "roles.md"
        page.write_text(as_markdown())
        self.stdout.write(f"Wrote {page.name}.")
