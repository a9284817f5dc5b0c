"""The addresses of the admin. Each noun has its own in its folder."""

from __future__ import annotations

from django.urls import include, path

from cavendish.above.admin.more import more

app_name = "admin"
urlpatterns = [
    path("more", more, name="more"),
    path("", include("cavendish.above.admin.home.urls")),
    path("search", include("cavendish.above.admin.search.urls")),
    path("jobs/", include("cavendish.above.admin.jobs.urls")),
    path("batches/", include("cavendish.above.admin.batches.urls")),
    path("outputs/", include("cavendish.above.admin.outputs.urls")),
    path("tenants/", include("cavendish.above.admin.tenants.urls")),
    path("people/", include("cavendish.above.admin.people.urls")),
    path("keys/", include("cavendish.above.admin.keys.urls")),
    path("charges/", include("cavendish.above.admin.charges.urls")),
    path("invoices/", include("cavendish.above.admin.invoices.urls")),
    path("ledger/", include("cavendish.above.admin.ledger.urls")),
    path("payments/", include("cavendish.above.admin.payments.urls")),
    path("prices/", include("cavendish.above.admin.prices.urls")),
    path("reconcile/", include("cavendish.above.admin.reconcile.urls")),
    path("models/", include("cavendish.above.admin.models.urls")),
    path("workers/", include("cavendish.above.admin.workers.urls")),
    path("background/", include("cavendish.above.admin.background.urls")),
    path("webhooks/", include("cavendish.above.admin.webhooks.urls")),
    path("mail/", include("cavendish.above.admin.mail.urls")),
    path("storage/", include("cavendish.above.admin.storage.urls")),
    path("audit/", include("cavendish.above.admin.audit.urls")),
    path("settings/", include("cavendish.above.admin.settings.urls")),
]
