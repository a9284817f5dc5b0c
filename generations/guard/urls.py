from __future__ import annotations

from django.urls import path

from generations.guard.api import GuardRuleDetail, GuardRuleList, GuardRuleRotate, ReviewedPicture
from generations.guard.operator_api import (
    PlatformGuardRuleDetail,
    PlatformGuardRuleList,
    PlatformGuardRuleRotate,
    TenantGuardRuleDetail,
    TenantGuardRuleList,
    TenantGuardRuleRotate,
)

urlpatterns = [
    path("guard-rules", GuardRuleList.as_view()),
    path("guard-rules/<str:rule_id>", GuardRuleDetail.as_view()),
    path("guard-rules/<str:rule_id>/rotate", GuardRuleRotate.as_view()),
    path("tenants/<str:tenant_id>/guard-rules", TenantGuardRuleList.as_view()),
    path("tenants/<str:tenant_id>/guard-rules/<str:rule_id>", TenantGuardRuleDetail.as_view()),
    path("tenants/<str:tenant_id>/guard-rules/<str:rule_id>/rotate", TenantGuardRuleRotate.as_view()),
    path("platform-guard-rules", PlatformGuardRuleList.as_view()),
    path("platform-guard-rules/<str:rule_id>", PlatformGuardRuleDetail.as_view()),
    path("platform-guard-rules/<str:rule_id>/rotate", PlatformGuardRuleRotate.as_view()),
    path("outputs/<str:output_id>/review/<str:token>", ReviewedPicture.as_view()),
]
