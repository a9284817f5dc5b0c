from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin


class ConsoleConfig(AppConfig):
    """Pages for people. It has no models; its templates replace django-allauth's."""

    name = "cavendish.above.console"
    default = True


class OperatorAdminConfig(admin.AdminConfig):
    default_site = "cavendish.above.console.admin.OperatorSite"
    default = False
