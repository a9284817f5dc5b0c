"""Where Django looks for an app's admin: each room registers its own."""

from __future__ import annotations

import accounts.audit.admin
import accounts.keys.admin
import accounts.members.admin
import accounts.operators.admin
import accounts.people.admin
import accounts.tenants.admin  # noqa: F401
