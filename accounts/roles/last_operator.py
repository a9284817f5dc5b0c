"""The platform keeps an operator who may do everything: the lock under which the last one is looked for."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from accounts.errors import LastFullOperator
from accounts.models import OperatorRole, User


def operator_lock(user_id: UUID, *, keep_full: bool) -> User | None:
    """Returns the person, locked for the caller's transaction, or None where there is no such person.

    With `keep_full` all active operators with the role `full` are locked too, in the order of ids, so that of two who
    demote each other the second sees what the first did. Raises LastFullOperator where the person is the only one.
    """
    full = Q(is_staff=True, is_active=True, operator_role=OperatorRole.FULL)
    those = Q(id=user_id) | full if keep_full else Q(id=user_id)
    rows = {row.id: row for row in User.objects.select_for_update(no_key=True).filter(those).order_by("id")}
    person = rows.get(user_id)
    full_rows = [row for row in rows.values() if _is_full(row)]
    if keep_full and person is not None and full_rows == [person]:
        raise LastFullOperator('This is the last active operator with the role "full". Give it to somebody else first.')
    return person


def _is_full(row: User) -> bool:
    return row.is_staff and row.is_active and row.operator_role == OperatorRole.FULL
