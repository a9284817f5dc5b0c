from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.guard import views

urlpatterns = [
    path("", views.rules, name="guard_rules"),
    path("new/<slug:kind>/", views.rule_new, name="guard_rule_new"),
    path("<str:rule_id>/<slug:act>/", views.rule_act, name="guard_rule_act"),
]
