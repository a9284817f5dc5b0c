"""The JSON of a member."""

from __future__ import annotations

from typing import Any

from accounts.models import Membership
from cavendish.db import ids
from cavendish.http.times import moment


def member_json(membership: Membership, *, two_factor: bool) -> dict[str, Any]:
    """Returns the member as the API shows it; the membership has its `user` loaded.

    `two_factor` is whether the person has a second factor. A member is named by the person's id, which keys, budgets
    and usage refer to as well.
    """
    return {
        "id": ids.encode(ids.USER, membership.user_id),
        "object": "member",
        "email": membership.user.email,
        "name": membership.user.name,
        "role": membership.role,
        "two_factor": two_factor,
        "created_at": moment(membership.created_at),
    }
