"""Files whose time is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from cavendish.db.tenancy import tenant_context
from cavendish.storage import objects
from generations.models import File
from generations.request import media_check
from generations.services import file_create
from generations.upkeep.retention import files_expire
from tests.api.accounts import picture
from tests.factories import make_tenant


def test_uploads_expire_and_others_stay(tmp_path: Path) -> None:
    tenant = make_tenant(input_retention_days=3)
    files = []
    for expires in (True, True, False):
        path = tmp_path / "x.png"
        path.write_bytes(picture())
        info = media_check(path, declared=None, kind=None)
        files.append(file_create(tenant_id=tenant.id, livemode=True, name="x", path=path, info=info, expires=expires))
    due, later, kept = files
    assert kept.expires_at is None
    assert later.expires_at is not None
    assert timedelta(days=3) - timedelta(minutes=1) < later.expires_at - timezone.now() < timedelta(days=3)
    with tenant_context(tenant.id):
        File.objects.filter(id=due.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    files_expire()
    with tenant_context(tenant.id):
        left = set(File.objects.filter(tenant_id=tenant.id, deleted_at=None).values_list("id", flat=True))
    assert left == {later.id, kept.id}
    there = [kept_at.exists() for file in files if (kept_at := objects().local_path(file.storage_key))]
    assert there == [False, True, True]
