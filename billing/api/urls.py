from __future__ import annotations

from django.urls import path

from billing.api.budgets import BudgetDetail, BudgetList, TenantBudgetDetail, TenantBudgetList

urlpatterns = [
    path("budgets", BudgetList.as_view()),
    path("budgets/<str:budget_id>", BudgetDetail.as_view()),
    path("tenants/<str:tenant_id>/budgets", TenantBudgetList.as_view()),
    path("tenants/<str:tenant_id>/budgets/<str:budget_id>", TenantBudgetDetail.as_view()),
]
