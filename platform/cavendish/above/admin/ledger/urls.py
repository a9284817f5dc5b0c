from __future__ import annotations

from django.urls import path

from cavendish.above.admin.ledger import views

urlpatterns = [
    path("", views.ledger, name="ledger"),
    path("csv", views.ledger_csv, name="ledger_csv"),
    path("journal/", views.journal, name="journal"),
    path("journal/file", views.journal_file, name="journal_file"),
    path("statement/", views.statement, name="statement"),
    path("statement/csv", views.statement_csv, name="statement_csv"),
    path("<str:transaction_id>/", views.transaction, name="ledger_transaction"),
]
