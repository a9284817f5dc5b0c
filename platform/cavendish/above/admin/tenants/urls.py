from __future__ import annotations

from django.urls import path

from cavendish.above.admin.settings import guard
from cavendish.above.admin.tenants import data, views

urlpatterns = [
    path("", views.tenants, name="tenants"),
    path("new/", views.tenant_new, name="tenant_new"),
    path("<str:tenant_id>/", views.tenant, name="tenant"),
    path("<str:tenant_id>/exports/", data.exports, name="tenant_exports"),
    path("<str:tenant_id>/templates/", data.templates, name="tenant_templates"),
    path("<str:tenant_id>/guard-rules/", guard.tenant_rules, name="tenant_guard_rules"),
    path("<str:tenant_id>/guard-rules/new/<slug:kind>/", guard.tenant_rule_new, name="tenant_guard_rule_new"),
    path("<str:tenant_id>/guard-rules/<str:rule_id>/<slug:act>/", guard.tenant_rule_act, name="tenant_guard_rule_act"),
    path("<str:tenant_id>/<slug:act>/", views.tenant_act, name="tenant_act"),
    path("<str:tenant_id>/<slug:act>/<str:item>/", views.tenant_item_act, name="tenant_item_act"),
]
