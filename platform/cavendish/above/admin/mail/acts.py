"""What operators do about a mail."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from cavendish.above.admin.mail.services import mail_retry
from cavendish.above.ui.acts import Act
from cavendish.mail.models import Mail


class SendAgain(Act):
    word = _("Send again")
    text = _("It is tried now instead of when it is due again.")

    def __init__(self, *args: Any, mail: Mail, **options: Any) -> None:
        self.mail = mail
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Send “%s” again") % self.mail.subject

    def run(self, actor: Actor) -> str:
        mail_retry(mail_id=self.mail.id, actor=actor)
        return gettext("The mail to %s is sent again.") % ", ".join(self.mail.to)
