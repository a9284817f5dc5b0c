from __future__ import annotations

from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "cavendish.above.schedule"
