"""The outbox of mails: what waits is sent again by a click, what has ended is not."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex

from django.utils import timezone

from cavendish.db.router import acting_as
from cavendish.mail.models import Mail
from tests.admin.acting import act, act_done
from tests.people.visitors import Visitor, shown


def written(status: Mail.Status = Mail.Status.QUEUED, **values: object) -> Mail:
    with acting_as("operator"):
        mail: Mail = Mail.objects.create(
            to=[f"{token_hex(4)}@example.com"], subject=f"Hello {token_hex(4)}", text="canary", status=status,
            due_at=timezone.now() + timedelta(hours=4), **values,
        )  # fmt: skip
    return mail


def test_a_waiting_mail_is_sent_again(operator: Visitor, reader: Visitor) -> None:
    waiting = written(attempts=2, error="SMTPServerDisconnected")
    failed = written(Mail.Status.FAILED, ended_at=timezone.now())
    path = f"/admin/mail/{waiting.id}/send-again/"
    listed = shown(operator.get("/admin/mail/?status=retrying"))
    assert (waiting.subject in listed, path in listed, failed.subject in listed) == (True, True, False)
    assert "canary" not in listed
    assert failed.subject in shown(operator.get("/admin/mail/?status=failed"))
    assert waiting.subject in shown(operator.get(f"/admin/mail/?to={waiting.to[0]}"))
    assert path not in shown(reader.get("/admin/mail/?status=retrying"))
    assert reader.post(path, confirm="1").status_code == 403
    act_done(operator, path)
    with acting_as("operator"):
        assert Mail.objects.get(id=waiting.id).due_at <= timezone.now()
    refused = act(operator, f"/admin/mail/{failed.id}/send-again/")
    assert (refused.status_code, "its text is erased" in shown(refused)) == (422, True)
