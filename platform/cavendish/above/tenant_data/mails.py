"""The mail of an export that can be downloaded."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.utils.translation import gettext as _

from accounts.members.languages import tenant_language
from accounts.models import Membership, Role, Tenant
from cavendish.above.tenant_data.models import Export
from cavendish.above.ui.formats import size
from cavendish.mail.letters import Fact, Letter, link, moment_text
from cavendish.mail.services import mail_queue


def export_letter(*, tenant: str, bytes: int, expires_at: datetime) -> Letter:
    """Returns the letter in the active language."""
    return Letter(
        subject=_("The export of {tenant} is ready").format(tenant=tenant),
        text=[_("An archive with everything that {tenant} has is ready to be downloaded.").format(tenant=tenant)],
        facts=[Fact(_("Size"), size(bytes)), Fact(_("Available until"), moment_text(expires_at))],
        button=link(_("Download the export"), "/console/settings/leaving/"),
        after=[_("Owners download it after signing in. After that day it is deleted.")],
    )


def export_mail(export: Export, *, bytes: int, expires_at: datetime) -> None:
    """Queues the mail to the tenant's owners, who alone may download it. In the tenant's context."""
    owners = Membership.objects.filter(tenant_id=export.tenant_id, role=Role.OWNER, user__is_active=True)
    to = list(owners.order_by("id").values_list("user__email", flat=True))
    if to:
        name = Tenant.objects.get(id=export.tenant_id).name
        letter = partial(export_letter, tenant=name, bytes=bytes, expires_at=expires_at)
        mail_queue(to=to, letter=letter, language=tenant_language(export.tenant_id), tenant_id=export.tenant_id)
