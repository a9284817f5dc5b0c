"""What operators do about a message that failed."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actor import Actor
from cavendish.above.admin.background.services import dead_letter_requeue
from cavendish.above.ui.acts import Act
from cavendish.messaging.queues import DeadLetter


class RunAgain(Act):
    word = _("Run again")
    text = _("It goes back into its queue and begins anew. Two who do this at once run it once.")

    def __init__(self, *args: Any, letter: DeadLetter, **options: Any) -> None:
        self.letter = letter
        super().__init__(*args, **options)

    @property
    def title(self) -> str:
        return gettext("Run %s again") % self.letter.actor

    def run(self, actor: Actor) -> str:
        dead_letter_requeue(queue=self.letter.queue, letter_id=self.letter.id, actor=actor)
        return gettext("%s is back in its queue.") % self.letter.actor
