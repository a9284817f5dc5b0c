"""The addresses of what the numbers of usage are made of."""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.http import urlencode

from accounts.roles.permissions import Permission
from cavendish.above.console.usage.report import Asked, Group
from cavendish.above.console.workplace import Workplace

OF_JOBS = {"model": "model", "key": "key_id", "member": "member_id"}
"""What jobs can be filtered by, of what usage can be grouped by, and how their list calls it."""


def asked_query(asked: Asked) -> dict[str, str]:
    """Returns what the address says of the month and of what usage is grouped by; defaults are left away."""
    query = {}
    if not asked.month.is_running:
        query["month"] = asked.month.value
    if asked.by != "model":
        query["by"] = asked.by
    if asked.by == "tag" and asked.tag:
        query["tag"] = asked.tag
    return query


def days_address(asked: Asked, group: Group | None = None, *, csv: bool = False) -> str:
    """Returns the table by day, of all groups or of one."""
    query = asked_query(asked)
    if group is not None:
        query["of" if group.value is not None else "without"] = group.public_id or "1"
    address = reverse("console:usage_days_csv" if csv else "console:usage_days")
    return f"{address}?{urlencode(query)}" if query else address


def jobs_address(work: Workplace, asked: Asked, group: Group | None, first: date, last: date) -> str:
    """Returns the list of the jobs of some days and a group; empty where jobs have no such filter, or are not shown."""
    if not work.may(Permission.READ):
        return ""
    query = {"since": first.isoformat(), "until": last.isoformat()}
    if group is not None:
        if asked.by not in OF_JOBS or group.value is None:
            return ""
        query[OF_JOBS[asked.by]] = group.public_id
    return f"{reverse('console:jobs')}?{urlencode(query)}"


def made_of(work: Workplace, asked: Asked, group: Group) -> str:
    """Returns where a group's pictures can be looked at: its jobs, else its days."""
    month = asked.month
    last = month.today if month.is_running else month.last
    return jobs_address(work, asked, group, month.first, last) or days_address(asked, group)
