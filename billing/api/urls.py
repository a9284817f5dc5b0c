from __future__ import annotations

from django.urls import path

from billing.api.budgets import BudgetDetail, BudgetList, TenantBudgetDetail, TenantBudgetList
from billing.api.plans import PlanDetail, PlanList, PlanVersions
from billing.api.prices import PriceBook, PriceBookPreview, PriceHistory
from billing.api.usage import UsageCsv, UsageRecordsCsv, UsageReport, UsageTags

urlpatterns = [
    path("budgets", BudgetList.as_view()),
    path("budgets/<str:budget_id>", BudgetDetail.as_view()),
    path("tenants/<str:tenant_id>/budgets", TenantBudgetList.as_view()),
    path("tenants/<str:tenant_id>/budgets/<str:budget_id>", TenantBudgetDetail.as_view()),
    path("usage", UsageReport.as_view()),
    path("usage.csv", UsageCsv.as_view()),
    path("usage/records.csv", UsageRecordsCsv.as_view()),
    path("usage/tags", UsageTags.as_view()),
    path("plans", PlanList.as_view()),
    path("plans/<str:plan_id>", PlanDetail.as_view()),
    path("plans/<str:plan_id>/versions", PlanVersions.as_view()),
    path("price-book", PriceBook.as_view()),
    path("price-book/history", PriceHistory.as_view()),
    path("price-book/preview", PriceBookPreview.as_view()),
]
