"""Usage: what was spent, by whom, against which budget."""

from __future__ import annotations

from django.urls import path

from cavendish.above.console.usage import statements, views
from cavendish.above.console.usage.budgets import views as budgets

urlpatterns = [
    path("", views.usage, name="usage"),
    path("csv", views.usage_csv, name="usage_csv"),
    path("statement.xlsx", statements.usage_xlsx, name="usage_xlsx"),
    path("statement.pdf", statements.usage_pdf, name="usage_pdf"),
    path("days/", views.usage_days, name="usage_days"),
    path("days/csv", views.usage_days_csv, name="usage_days_csv"),
    path("tags/", views.tags, name="usage_tags"),
    path("budgets/", budgets.budgets, name="budgets"),
    path("budgets/new/", budgets.budget_new, name="budget_new"),
    path("budgets/<str:budget_id>/", budgets.budget, name="budget"),
    path("budgets/<str:budget_id>/<str:act>/", budgets.budget_act, name="budget_act"),
]
