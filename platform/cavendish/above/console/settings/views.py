"""The front page of settings: what is unsafe now, then what there is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.invitations.representation import STATUSES as INVITATION_STATUSES
from accounts.keys.representation import STATUSES as KEY_STATUSES
from accounts.models import ApiKey, Invitation, Membership, WebhookEndpoint
from accounts.roles.permissions import Permission
from cavendish.above.console.settings.data.selectors import storage_quota, storage_used
from cavendish.above.console.settings.navigation import groups_for
from cavendish.above.console.settings.pages import settings_page, shown
from cavendish.above.console.settings.risks import risks_of
from cavendish.above.console.settings.words import numbered
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui import formats
from cavendish.above.ui.marks import facts
from generations.models import GuardRule


@settings_page(None, current="")
def settings(request: HttpRequest, work: Workplace) -> HttpResponse:
    now = _now(work)
    directory = [
        (heading, [(item, now.get(item.key, "")) for item in items]) for heading, items in groups_for(work.role)
    ]
    context = {"risks": risks_of(work), "directory": directory}
    return shown(request, work, "console/settings/settings.html", context)


def _now(work: Workplace) -> dict[str, str]:
    """Returns how each setting stands, in a few words."""
    tenant, own = work.tenant, {"tenant_id": work.tenant_id}
    on, off, none = _("On"), _("Off"), _("None")
    words = {"security": on if tenant.requires_two_factor else off, "policy": tenant.policy_version or none}
    with work.reading():
        if work.may(Permission.MEMBERS):
            people = Membership.objects.filter(**own).count()
            words["members"] = numbered(ngettext("%d member", "%d members", people), people)
            invited = Invitation.objects.filter(INVITATION_STATUSES["open"](), **own).count()
            if invited:
                also = numbered(ngettext("%d invited", "%d invited", invited), invited)
                words["members"] = facts(words["members"], also)
        if work.may(Permission.KEYS):
            keys = ApiKey.objects.filter(KEY_STATUSES["active"](), **own, is_console=False)
            live = keys.filter(livemode=True).count()
            words["keys"] = _("%(live)s live, %(test)s test") % {
                "live": formats.count(live), "test": formats.count(keys.filter(livemode=False).count()),
            }  # fmt: skip
        if work.may(Permission.WEBHOOKS):
            endpoints = WebhookEndpoint.objects.filter(**own, subject=None).count()
            words["webhooks"] = formats.count(endpoints) if endpoints else none
        if work.may(Permission.SETTINGS):
            rules = GuardRule.objects.filter(**own, enabled=True).count()
            words["guard"] = formats.count(rules) if rules else none
        if work.may(Permission.READ):
            origins = len(tenant.allowed_origins) + len(tenant.frame_origins)
            words["origins"] = formats.count(origins) if origins else none
            words["general"] = tenant.name
            quota, used = storage_quota(tenant), formats.size(storage_used(tenant))
            words["data"] = _("%(used)s of %(quota)s") % {"used": used, "quota": formats.size(quota)} if quota else used
    return words
