"""The mails of a webhook endpoint that does not answer."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from cavendish.mail.letters import Fact, Letter, link, moment_text


def failing_letter(*, tenant: str, url: str, endpoint: str, since: datetime) -> Letter:
    """Returns the warning that deliveries fail, in the active language."""
    return Letter(
        subject=_("Webhook fails: {url}").format(url=url),
        title=_("A webhook endpoint does not answer"),
        text=[
            _("Events of “{tenant}” do not arrive at one of its webhook endpoints since {moment}.").format(
                tenant=tenant, moment=moment_text(since)
            )
        ],
        facts=_facts(url, endpoint),
        after=[
            _(
                "They are sent again for three days. If nothing arrives for two more days, the endpoint is disabled. "
                "The log of its deliveries shows what came back."
            )
        ],
        button=link(_("View the webhook"), f"/console/settings/webhooks/{endpoint}/"),
    )


def disabled_letter(*, tenant: str, url: str, endpoint: str, since: datetime | None, is_gone: bool) -> Letter:
    """Returns the notice that an endpoint was disabled, in the active language."""
    if is_gone:
        why = _("A webhook endpoint of “{tenant}” is disabled, because its receiver answered 410 (Gone).")
    elif since is not None:
        why = _("A webhook endpoint of “{tenant}” is disabled, because nothing arrived there since {moment}.")
    else:
        why = _("A webhook endpoint of “{tenant}” is disabled.")
    return Letter(
        subject=_("Webhook disabled: {url}").format(url=url),
        title=_("A webhook endpoint is disabled"),
        text=[why.format(tenant=tenant, moment=moment_text(since) if since else "")],
        facts=_facts(url, endpoint),
        after=[
            _("Nothing more is sent there. Once the receiver works, enable the endpoint again and resend what failed.")
        ],
        button=link(_("View the webhook"), f"/console/settings/webhooks/{endpoint}/"),
    )


def _facts(url: str, endpoint: str) -> list[Fact]:
    return [Fact(_("Address"), url), Fact(_("Endpoint"), endpoint)]
