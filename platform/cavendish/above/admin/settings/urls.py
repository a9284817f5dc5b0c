from __future__ import annotations

from django.urls import path

from cavendish.above.admin.settings import guard, operators, views

urlpatterns = [
    path("", views.settings_page, name="settings"),
    path("roles/", views.roles, name="roles"),
    path("policy/", views.policy, name="policy"),
    path("operators/", operators.operators_page, name="operators"),
    path("operators/new/", operators.operator_new, name="operator_new"),
    path("operators/<str:operator_id>/<slug:act>/", operators.operator_item_act, name="operator_act"),
    path("operator-keys/", operators.keys_page, name="operator_keys"),
    path("operator-keys/new/", operators.key_new, name="operator_key_new"),
    path("operator-keys/<str:key_id>/revoke/", operators.key_revoke, name="operator_key_revoke"),
    path("guard-rules/", guard.rules, name="guard_rules"),
    path("guard-rules/new/<slug:kind>/", guard.rule_new, name="guard_rule_new"),
    path("guard-rules/<str:rule_id>/<slug:act>/", guard.rule_act, name="guard_rule_act"),
]
