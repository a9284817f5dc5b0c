"""Jobs without their content: an operator sees what ran and what it cost, not what a tenant asked for."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin_base import ReadOnly
from generations.models import Batch, Generation, Output, Worker


@admin.register(Generation)
class GenerationAdmin(ReadOnly):
    list_display = ("id", "tenant", "status", "model", "livemode", "attempts", "created_at", "finished_at")
    list_filter = ("status", "model", "livemode")
    list_select_related = ("tenant",)
    search_fields = ("id",)
    show_full_result_count = False


@admin.register(Batch)
class BatchAdmin(ReadOnly):
    list_display = (
        "id",
        "tenant",
        "status",
        "livemode",
        "total",
        "fed",
        "succeeded",
        "failed",
        "created_at",
        "finished_at",
    )
    list_filter = ("status", "dialect", "livemode")
    list_select_related = ("tenant",)
    search_fields = ("id",)
    show_full_result_count = False


@admin.register(Output)
class OutputAdmin(ReadOnly):
    list_display = ("id", "tenant", "part", "mime_type", "width", "height", "bytes", "sandbox", "created_at")
    list_select_related = ("tenant",)
    show_full_result_count = False


@admin.register(Worker)
class WorkerAdmin(ReadOnly):
    list_display = ("name", "id", "started_at", "expires_at")
