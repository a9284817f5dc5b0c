from __future__ import annotations

from django.urls import path

from billing.anomalies.api import UsageAnomalyList
from billing.auto_top_ups.api import AutoTopUpView
from billing.budgets.api import BudgetDetail, BudgetList, TenantBudgetDetail, TenantBudgetList
from billing.charges.api import ChargeRefunds, FlaggedChargeList, FlaggedChargeResolve
from billing.credit_notes.api import CreditNoteDetail, CreditNoteList, CreditNotePdf, CreditNoteXml
from billing.credit_notes.operator_api import InvoiceCreditNotes
from billing.exports.api import (
    InvoicesCsv,
    JournalCsv,
    LedgerCsv,
    PaymentsCsv,
    UsageFocusCsv,
    UsageStatementPdf,
    UsageStatementXlsx,
    WalletStatementCsv,
    WalletStatementView,
)
from billing.forecasts.api import UsageForecastView
from billing.invoices.api import (
    InvoiceCancellation,
    InvoiceCsv,
    InvoiceDetail,
    InvoiceLineGenerations,
    InvoiceList,
    InvoicePdf,
    InvoicePreview,
    InvoiceXml,
)
from billing.invoices.operator_api import InvoiceFinalise, InvoiceSend, InvoiceVoid, TenantInvoices
from billing.oversight.price_api import PriceBookPreview
from billing.parties.api import LegalEntityDetail, LegalEntityList, OwnBillingProfile, TenantBillingProfile
from billing.parties.exchange_rates import ExchangeRates
from billing.payment_methods.api import PaymentMethodDetail, PaymentMethodList, PaymentMethodPages
from billing.payments.operator_api import InvoicePayments, PaymentReversal
from billing.plans.api import PlanDetail, PlanList, PlanVersions
from billing.prices.api import PriceBook, PriceHistory
from billing.provider_payments.api import TenantProviderPayments, TopUpDetail, TopUpList
from billing.provider_payments.operator_api import (
    ProviderEventRetry,
    ProviderEventSetAside,
    ProviderEventsWaiting,
    ProviderPaymentRetry,
    ProviderPaymentSetAside,
)
from billing.receipts.api import ReceiptDetail, ReceiptList, ReceiptPdf
from billing.subscriptions.api import SubscriptionView
from billing.subscriptions.operator_api import TenantSubscription
from billing.usage.api import UsageCsv, UsageRecordsCsv, UsageReport, UsageTags
from billing.wallets.api import LedgerView, WalletView
from billing.wallets.operator_api import (
    TenantAdjustments,
    TenantCredits,
    TenantLedger,
    TenantPayouts,
    TenantTopUps,
    TenantWallet,
    TopUpReversal,
)

urlpatterns = [
    path("invoices", InvoiceList.as_view()),
    path("invoices/preview", InvoicePreview.as_view()),
    path("invoices/<str:invoice_id>.pdf", InvoicePdf.as_view()),
    path("invoices/<str:invoice_id>.csv", InvoiceCsv.as_view()),
    path("invoices/<str:invoice_id>.xml", InvoiceXml.as_view()),
    path("invoices/<str:invoice_id>/cancellation.pdf", InvoiceCancellation.as_view()),
    path("invoices/<str:invoice_id>", InvoiceDetail.as_view()),
    path("invoices/<str:invoice_id>/lines/<str:line>/generations", InvoiceLineGenerations.as_view()),
    path("invoices/<str:invoice_id>/finalise", InvoiceFinalise.as_view()),
    path("invoices/<str:invoice_id>/void", InvoiceVoid.as_view()),
    path("invoices/<str:invoice_id>/payments", InvoicePayments.as_view()),
    path("invoices/<str:invoice_id>/payments/<str:payment_id>/reversal", PaymentReversal.as_view()),
    path("invoices/<str:invoice_id>/credit-notes", InvoiceCreditNotes.as_view()),
    path("invoices/<str:invoice_id>/send", InvoiceSend.as_view()),
    path("tenants/<str:tenant_id>/invoices", TenantInvoices.as_view()),
    path("credit-notes", CreditNoteList.as_view()),
    path("credit-notes/<str:credit_note_id>.pdf", CreditNotePdf.as_view()),
    path("credit-notes/<str:credit_note_id>.xml", CreditNoteXml.as_view()),
    path("credit-notes/<str:credit_note_id>", CreditNoteDetail.as_view()),
    path("receipts", ReceiptList.as_view()),
    path("receipts/<str:receipt_id>.pdf", ReceiptPdf.as_view()),
    path("receipts/<str:receipt_id>", ReceiptDetail.as_view()),
    path("exchange-rates", ExchangeRates.as_view()),
    path("billing-profile", OwnBillingProfile.as_view()),
    path("tenants/<str:tenant_id>/billing-profile", TenantBillingProfile.as_view()),
    path("legal-entities", LegalEntityList.as_view()),
    path("legal-entities/<str:legal_entity_id>", LegalEntityDetail.as_view()),
    path("budgets", BudgetList.as_view()),
    path("budgets/<str:budget_id>", BudgetDetail.as_view()),
    path("tenants/<str:tenant_id>/budgets", TenantBudgetList.as_view()),
    path("tenants/<str:tenant_id>/budgets/<str:budget_id>", TenantBudgetDetail.as_view()),
    path("usage", UsageReport.as_view()),
    path("usage.csv", UsageCsv.as_view()),
    path("usage/records.csv", UsageRecordsCsv.as_view()),
    path("usage/focus.csv", UsageFocusCsv.as_view()),
    path("usage/statement.xlsx", UsageStatementXlsx.as_view()),
    path("usage/statement.pdf", UsageStatementPdf.as_view()),
    path("ledger.csv", LedgerCsv.as_view()),
    path("journal.csv", JournalCsv.as_view()),
    path("wallet/statement", WalletStatementView.as_view()),
    path("wallet/statement.csv", WalletStatementCsv.as_view()),
    path("invoices.csv", InvoicesCsv.as_view()),
    path("payments.csv", PaymentsCsv.as_view()),
    path("usage/anomalies", UsageAnomalyList.as_view()),
    path("usage/forecast", UsageForecastView.as_view()),
    path("usage/tags", UsageTags.as_view()),
    path("plans", PlanList.as_view()),
    path("plans/<str:plan_id>", PlanDetail.as_view()),
    path("plans/<str:plan_id>/versions", PlanVersions.as_view()),
    path("price-book", PriceBook.as_view()),
    path("price-book/history", PriceHistory.as_view()),
    path("price-book/preview", PriceBookPreview.as_view()),
    path("wallet", WalletView.as_view()),
    path("wallet/top-ups", TopUpList.as_view()),
    path("wallet/top-ups/<str:top_up_id>", TopUpDetail.as_view()),
    path("wallet/auto-top-up", AutoTopUpView.as_view()),
    path("payment-methods", PaymentMethodList.as_view()),
    path("payment-methods/pages", PaymentMethodPages.as_view()),
    path("payment-methods/<str:payment_method_id>", PaymentMethodDetail.as_view()),
    path("ledger", LedgerView.as_view()),
    path("subscription", SubscriptionView.as_view()),
    path("tenants/<str:tenant_id>/wallet", TenantWallet.as_view()),
    path("tenants/<str:tenant_id>/top-ups", TenantTopUps.as_view()),
    path("tenants/<str:tenant_id>/top-ups/<str:transaction_id>/reversal", TopUpReversal.as_view()),
    path("tenants/<str:tenant_id>/payouts", TenantPayouts.as_view()),
    path("tenants/<str:tenant_id>/adjustments", TenantAdjustments.as_view()),
    path("tenants/<str:tenant_id>/credits", TenantCredits.as_view()),
    path("tenants/<str:tenant_id>/ledger", TenantLedger.as_view()),
    path("tenants/<str:tenant_id>/provider-payments", TenantProviderPayments.as_view()),
    path("tenants/<str:tenant_id>/provider-payments/<str:payment_id>/retry", ProviderPaymentRetry.as_view()),
    path("tenants/<str:tenant_id>/provider-payments/<str:payment_id>/set-aside", ProviderPaymentSetAside.as_view()),
    path("provider-events", ProviderEventsWaiting.as_view()),
    path("provider-events/<str:event_id>/retry", ProviderEventRetry.as_view()),
    path("provider-events/<str:event_id>/set-aside", ProviderEventSetAside.as_view()),
    path("tenants/<str:tenant_id>/subscription", TenantSubscription.as_view()),
    path("flagged-charges", FlaggedChargeList.as_view()),
    path("flagged-charges/<str:generation_id>/resolve", FlaggedChargeResolve.as_view()),
    path("charges/<str:generation_id>/refunds", ChargeRefunds.as_view()),
]
