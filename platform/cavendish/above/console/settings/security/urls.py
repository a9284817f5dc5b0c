from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.security import views

urlpatterns = [
    path("", views.security, name="security"),
    path("require/", views.two_factor_require, name="two_factor_require"),
    path("allow/", views.two_factor_allow, name="two_factor_allow"),
]
