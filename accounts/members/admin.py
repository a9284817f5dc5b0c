"""Memberships in the admin. They begin with an invitation and end in the console or over the API."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ReadOnly
from accounts.models import Membership


@admin.register(Membership)
class MembershipAdmin(ReadOnly):
    list_display = ("user", "tenant", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")
