"""Where Django looks for an app's admin: each room registers its own."""

from __future__ import annotations

import billing.budgets.admin
import billing.charges.admin
import billing.credit_notes.admin
import billing.credits.admin
import billing.invoices.admin
import billing.parties.admin
import billing.payments.admin
import billing.plans.admin
import billing.prices.admin
import billing.subscriptions.admin
import billing.wallets.admin  # noqa: F401
