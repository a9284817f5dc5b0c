"""The outbox of mails and storage, as the operator's pages read them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import AuditEvent, StorageUse
from cavendish.above.admin.mail.selectors import MailState, mail_find, mail_outbox, mails, mails_in
from cavendish.above.admin.mail.services import mail_retry
from cavendish.above.admin.storage.selectors import quota_of, storage_state, storage_uses
from cavendish.above.reconcile.models import ReconcileRun
from cavendish.db.ids import new_id
from cavendish.db.router import acting_as
from cavendish.http.problems import Problem
from cavendish.mail.models import Mail
from tests.factories import make_tenant


@pytest.fixture(autouse=True)
def as_operator() -> Iterator[None]:
    with acting_as("operator"):
        yield


def mail(status: Mail.Status = Mail.Status.QUEUED, **values: object) -> Mail:
    later = timezone.now() + timedelta(hours=4)
    made: Mail = Mail.objects.create(
        to=["ann@example.com"], subject="Hello", text="secret", status=status, due_at=later, **values
    )
    return made


def test_the_outbox_counts_and_lists_mails_without_their_text() -> None:
    before, tenant = mail_outbox(), make_tenant()
    waiting = mail(tenant_id=tenant.id)
    retrying = mail(tenant_id=tenant.id, attempts=3, error="SMTPServerDisconnected")
    failed = mail(Mail.Status.FAILED, tenant_id=tenant.id, ended_at=timezone.now())
    sent = mail(Mail.Status.SENT, tenant_id=tenant.id, ended_at=timezone.now())
    mail(Mail.Status.SENT, ended_at=timezone.now() - timedelta(hours=25))
    now = mail_outbox()
    assert (now.waiting - before.waiting, now.retrying - before.retrying) == (2, 1)
    assert (now.failed - before.failed, now.sent_in_24h - before.sent_in_24h) == (1, 1)
    assert now.oldest_at is not None
    for state, expected in (
        (MailState.WAITING, [retrying, waiting]), (MailState.RETRYING, [retrying]),
        (MailState.FAILED, [failed]), (MailState.SENT, [sent]),
    ):  # fmt: skip
        assert list(mails_in(mails(), state).filter(tenant_id=tenant.id).order_by("-id")) == expected
    found = mail_find(waiting.id)
    assert found is not None
    assert "text" in found.get_deferred_fields()


def test_a_waiting_mail_is_tried_now_and_an_ended_one_is_not() -> None:
    grace = Actor("operator", None, "grace@operator.example")
    waiting, failed = mail(attempts=3, error="OSError"), mail(Mail.Status.FAILED, ended_at=timezone.now())
    mail_retry(mail_id=waiting.id, actor=grace)
    assert Mail.objects.get(id=waiting.id).due_at <= timezone.now()
    event = AuditEvent.objects.get(action="mail.retried", target_id=waiting.id.hex)
    assert (event.before["error"], event.actor_label) == ("OSError", "grace@operator.example")
    for mail_id, status in ((failed.id, 409), (new_id(), 404)):
        with pytest.raises(Problem) as refused:
            mail_retry(mail_id=mail_id, actor=grace)
        assert refused.value.status == status
    assert Mail.objects.get(id=failed.id).status == "failed"


def test_storage_by_tenant_and_what_reconcile_found() -> None:
    large, small = make_tenant(storage_quota_bytes=2**51), make_tenant(storage_quota_bytes=0)
    for tenant, size in ((large, 2**50), (small, 2**49)):
        StorageUse.objects.update_or_create(tenant=tenant, defaults={"bytes": size})
    check = {"check": "objects", "about": "", "count": 3, "seconds": 1.0, "error": "", "rows": [{"subject": "x"}]}
    now = timezone.now()
    run = ReconcileRun.objects.create(
        trigger="command",
        actor="system",
        status="differences",
        whole=True,
        checks=[check],
        started_at=now,
        ended_at=now,
    )
    try:
        assert list(storage_uses().order_by("-bytes")[:2].values_list("tenant_id", flat=True)) == [large.id, small.id]
        assert (quota_of(large), quota_of(small)) == (2**51, None)
        state = storage_state()
        assert state.bytes >= 2**50 + 2**49
        assert state.store.startswith("file:///")
        assert state.disk is not None
        assert 0 < state.spool.free <= state.spool.total
        assert set(state.objects) == {"outputs", "files", "derivatives"}
        assert state.comparison is not None
        assert (state.comparison.run_id, state.comparison.differing) == (run.id, 3)
        assert state.comparison.rows == [{"subject": "x"}]
    finally:
        run.delete()
        StorageUse.objects.filter(tenant__in=[large, small]).update(bytes=0)
