from __future__ import annotations

from django.urls import path

from accounts.tenants.api import (
    OwnTenant,
    TenantClose,
    TenantDetail,
    TenantList,
    TenantPolicyAcceptance,
    TenantReactivate,
    TenantSuspend,
)
from billing.budgets.api import BudgetDetail, BudgetList, TenantBudgetDetail, TenantBudgetList
from billing.charges.api import ChargeRefunds, FlaggedChargeList, FlaggedChargeResolve
from billing.invoices import urls
from billing.plans.api import PlanDetail, PlanList, PlanVersions
from billing.prices.api import PriceBook, PriceBookPreview, PriceHistory
from billing.subscriptions.api import SubscriptionView
from billing.subscriptions.operator_api import TenantSubscription
from billing.usage.api import UsageCsv, UsageRecordsCsv, UsageReport, UsageTags
from billing.wallets.api import LedgerView, WalletView
from billing.wallets.operator_api import TenantAdjustments, TenantCredits, TenantLedger, TenantTopUps, TenantWallet

urlpatterns = [
    *urls.urlpatterns,
    path("budgets", BudgetList.as_view()),
    path("budgets/<str:budget_id>", BudgetDetail.as_view()),
    path("tenant", OwnTenant.as_view()),
    path("tenants", TenantList.as_view()),
    path("tenants/<str:tenant_id>", TenantDetail.as_view()),
    path("tenants/<str:tenant_id>/suspend", TenantSuspend.as_view()),
    path("tenants/<str:tenant_id>/reactivate", TenantReactivate.as_view()),
    path("tenants/<str:tenant_id>/close", TenantClose.as_view()),
    path("tenants/<str:tenant_id>/policy-acceptance", TenantPolicyAcceptance.as_view()),
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
    path("wallet", WalletView.as_view()),
    path("ledger", LedgerView.as_view()),
    path("subscription", SubscriptionView.as_view()),
    path("tenants/<str:tenant_id>/wallet", TenantWallet.as_view()),
    path("tenants/<str:tenant_id>/top-ups", TenantTopUps.as_view()),
    path("tenants/<str:tenant_id>/adjustments", TenantAdjustments.as_view()),
    path("tenants/<str:tenant_id>/credits", TenantCredits.as_view()),
    path("tenants/<str:tenant_id>/ledger", TenantLedger.as_view()),
    path("tenants/<str:tenant_id>/subscription", TenantSubscription.as_view()),
    path("flagged-charges", FlaggedChargeList.as_view()),
    path("flagged-charges/<str:generation_id>/resolve", FlaggedChargeResolve.as_view()),
    path("charges/<str:generation_id>/refunds", ChargeRefunds.as_view()),
]
