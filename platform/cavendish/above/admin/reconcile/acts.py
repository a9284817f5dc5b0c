from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from cavendish.above.reconcile.services import reconcile_now
from cavendish.above.ui.acts import Act


class ReconcileNow(Act):
    word = _("Reconcile now")
    text = _(
        "Compares wallets, ledger, usage, invoices and jobs with each other, and their pictures with the storage. "
        "It reads only, and takes minutes where there are millions of jobs."
    )

    def run(self, actor: Actor) -> str:
        reconcile_now(actor=actor)
        return gettext("The run is queued; it begins within seconds.")
