"""A tenant's data as one archive: whole, in the tenant's words, and resumed wherever it was cut short."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.conf import settings
from django.utils import timezone

from accounts.actor import SYSTEM, Actor
from accounts.members.services import membership_create
from accounts.models import Role, Tenant
from accounts.people.services import user_create
from cavendish.above.tenant_data import export_steps
from cavendish.above.tenant_data.download import archive_response
from cavendish.above.tenant_data.export_steps import export_step
from cavendish.above.tenant_data.models import Export, ExportPart
from cavendish.above.tenant_data.services import export_delete, export_request, exports_due, exports_expire
from cavendish.db.router import acting_as
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem
from cavendish.storage import objects
from generations.request import MediaInfo
from generations.services import file_create
from tests.api.accounts import Account, Books, image, picture, text
from tests.factories import make_tenant
from tests.people.visitors import person


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
        assert len(names) == len(set(names)), "an entry twice"
        by_name = {}
        for member in archive:
            source = archive.extractfile(member)
            assert source is not None
            by_name[member.name] = source.read()
    return by_name


def operator(books: Books, http: httpx.Client) -> Any:
    secret = json.loads((books.running.data_dir / "demo.json").read_text())["operator"]["api_key"]

    def ask(method: str, path: str, **options: Any) -> httpx.Response:
        return http.request(method, path, headers={"Authorization": f"Bearer {secret}"}, **options)

    return ask


def test_everything_of_a_tenants_in_one_archive(account: Account, books: Books, http: httpx.Client) -> None:
    generation = account.make(
        input=[text("a cat"), image()], tools=[{"type": "google_search"}], metadata={"team": "red"}
    )
    upload = account.file(picture(80, 60))
    ask = operator(books, http)
    tenant = f"ten_{account.tenant.id.hex}"

    answer = ask("POST", f"/api/v1/tenants/{tenant}/exports")

    assert answer.status_code == 202, answer.text
    place = answer.headers["Location"]
    until = time.monotonic() + 30
    while (export := ask("GET", place).json())["status"] != "ready" and time.monotonic() < until:
        time.sleep(0.1)
    assert (export["status"], export["missing"]) == ("ready", [])
    fetched = http.get(export["url"])
    assert fetched.headers["content-type"] == "application/x-tar"
    assert len(fetched.content) == export["bytes"] == int(fetched.headers["content-length"])
    entries = unpacked(fetched.content)
    assert len(entries) == export["files"]
    folder = f"generations/{generation['id']}"
    document = json.loads(entries[f"{folder}/generation.json"])
    same = ("id", "content", "grounding", "charge", "usage", "metadata", "request", "error")
    assert {name: document[name] for name in same} == {name: generation[name] for name in same}
    [output] = generation["outputs"]
    bytes_ = entries[f"{folder}/{output['id']}.{output['mime_type'].removeprefix('image/').replace('jpeg', 'jpg')}"]
    assert hashlib.sha256(bytes_).hexdigest() == output["sha256"]
    assert entries[f"files/{upload['id']}/content.png"] == picture(80, 60)
    assert json.loads(entries["tenant.json"])["slug"] == account.tenant.slug
    assert json.loads(entries["manifest.json"])["files_before_this"] == export["files"] - 1
    ledger = [json.loads(line) for line in entries["tables/ledgerentry/000001.jsonl"].splitlines()]
    assert {entry["amount"] for entry in ledger} >= {"100.000000000", f"-{generation['charge']['amount']}"}
    # The download can be taken up again at any byte.
    tail = http.get(export["url"], headers={"Range": f"bytes={export['bytes'] - 700}-"})
    assert (tail.status_code, tail.content) == (206, fetched.content[-700:])
    # The address is the permission; it is the operator's to hand on, and signed.
    assert http.get(export["url"][:-2]).status_code == 403
    assert ask("DELETE", place).status_code == 204
    assert http.get(export["url"]).status_code == 404
    assert ask("GET", place).json()["status"] == "expired"
    assert not [path for path in account.trace.objects if "/exports/" in path]


def test_an_export_is_the_operators_to_make_and_of_one_tenant(account: Account, other: Account, books: Books) -> None:
    ask = operator(books, account.http)
    place = ask("POST", f"/api/v1/tenants/ten_{account.tenant.id.hex}/exports").headers["Location"]
    theirs = place.replace(account.tenant.id.hex, other.tenant.id.hex)
    assert ask("GET", theirs).status_code == 404
    assert ask("DELETE", theirs).status_code == 404
    assert account.get(place).status_code == 401
    assert account.post(place.rpartition("/")[0]).status_code == 401


@pytest.fixture
def filled(tmp_path: Path) -> tuple[UUID, dict[str, bytes]]:
    """A tenant with twelve files of 10 kB."""
    tenant = make_tenant()
    contents = {}
    for number in range(12):
        data = bytes([number]) * 10_000
        path = tmp_path / str(number)
        path.write_bytes(data)
        info = MediaInfo(
            mime_type="image/png", width=1, height=1, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()
        )
        file = file_create(tenant_id=tenant.id, livemode=True, name="x", path=path, info=info)
        contents[f"files/file_{file.id.hex}/content.png"] = data
    return tenant.id, contents


def archive(tenant_id: UUID, export_id: UUID) -> bytes:
    with tenant_context(tenant_id):
        parts = list(ExportPart.objects.filter(export_id=export_id).order_by("number"))
    return b"".join(archive_response(parts, name="x", range_header=""))


def finish(tenant_id: UUID, export_id: UUID) -> int:
    steps = 1
    while export_step(tenant_id=tenant_id, export_id=export_id):
        steps += 1
    return steps


def test_owners_are_told_once_when_it_is_ready(filled: tuple[UUID, dict[str, bytes]]) -> None:
    tenant_id, _contents = filled
    owner, viewer = person(), person()
    with acting_as("operator"):
        tenant = Tenant.objects.get(id=tenant_id)
        membership_create(tenant=tenant, user=owner.user, role=Role.OWNER)
        membership_create(tenant=tenant, user=viewer.user, role=Role.VIEWER)
    finish(tenant_id, export_request(tenant_id=tenant_id, actor=SYSTEM).id)
    [mail] = owner.mails
    assert mail.subject == f"The export of {tenant.name} is ready"
    assert "/console/settings/leaving/" in mail.text
    assert viewer.mails == []


def test_what_is_cut_short_anywhere_goes_on_without_a_gap_or_a_repeat(
    filled: tuple[UUID, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id, contents = filled
    monkeypatch.setattr(export_steps, "PART_BYTES", 25_000)
    export = export_request(tenant_id=tenant_id, actor=SYSTEM)
    kept = objects().keep
    calls = 0

    def keep(path: Path, key: str) -> None:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise OSError("the store is away")
        kept(path, key)
        if calls % 3 == 0:
            raise RuntimeError("killed after the part was kept")

    monkeypatch.setattr(objects(), "keep", keep)
    for _ in range(60):
        try:
            if not export_step(tenant_id=tenant_id, export_id=export.id):
                break
        except (OSError, RuntimeError):
            # Whoever was killed holds the lease until it runs out.
            assert not export_step(tenant_id=tenant_id, export_id=export.id)
            with acting_as("operator"):
                Export.objects.filter(id=export.id).update(lease_until=timezone.now() - timedelta(seconds=6))
                assert exports_due() >= 1
    with tenant_context(tenant_id):
        export.refresh_from_db()
    assert (export.status, export.missing) == ("ready", [])
    assert export.parts > 4
    entries = unpacked(archive(tenant_id, export.id))
    assert len(entries) == export.entries
    assert {name: data for name, data in entries.items() if name in contents} == contents
    # Everything that is not a part of the export was an orphan of the killed; the sweep of the store finds those.
    assert list((Path(settings.SPOOL_DIR) / "exports").glob(f"{export.id.hex}-*")) == []


def test_a_late_writer_whose_lease_ran_out_changes_nothing(
    filled: tuple[UUID, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id, _ = filled
    monkeypatch.setattr(export_steps, "PART_BYTES", 25_000)
    export = export_request(tenant_id=tenant_id, actor=SYSTEM)
    kept = objects().keep

    def slow(path: Path, key: str) -> None:
        monkeypatch.setattr(objects(), "keep", kept)
        with acting_as("operator"):
            Export.objects.filter(id=export.id).update(lease_until=timezone.now() - timedelta(seconds=1))
        assert export_step(tenant_id=tenant_id, export_id=export.id)
        kept(path, key)

    monkeypatch.setattr(objects(), "keep", slow)
    assert not export_step(tenant_id=tenant_id, export_id=export.id)
    with tenant_context(tenant_id):
        assert Export.objects.get(id=export.id).parts == 1
    finish(tenant_id, export.id)
    unpacked(archive(tenant_id, export.id))


def test_objects_that_are_gone_or_short_are_told_of_and_stop_nothing(filled: tuple[UUID, dict[str, bytes]]) -> None:
    tenant_id, contents = filled
    gone, short, *_ = contents
    root = Path(str(objects().local_path("")))
    folder = root / "tenants" / tenant_id.hex / "files"
    (folder / gone.split("_")[1].split("/")[0]).unlink()
    (folder / short.split("_")[1].split("/")[0]).write_bytes(b"abc")
    export = export_request(tenant_id=tenant_id, actor=SYSTEM)
    finish(tenant_id, export.id)
    entries = unpacked(archive(tenant_id, export.id))
    assert json.loads(entries["manifest.json"])["missing"] == [gone, short]
    assert gone not in entries
    assert entries[short] == b"abc" + bytes(9_997)


def test_who_may_ask_and_how_often() -> None:
    tenant = make_tenant()
    with acting_as("operator"):
        people = {role: user_create(email=f"{role}@{tenant.slug}.example.com", password="x" * 14) for role in Role}
        for role, user in people.items():
            membership_create(tenant=tenant, user=user, role=role)
    for role, user in people.items():
        actor = Actor("person", user.id, user.email)
        if role == Role.OWNER:
            export_request(tenant_id=tenant.id, actor=actor)
        else:
            with pytest.raises(Exception, match="close"):
                export_request(tenant_id=tenant.id, actor=actor)
    with pytest.raises(Problem, match="export_running"):
        export_request(tenant_id=tenant.id, actor=SYSTEM)


def test_an_export_expires_and_its_parts_go(filled: tuple[UUID, dict[str, bytes]]) -> None:
    tenant_id, _ = filled
    export = export_request(tenant_id=tenant_id, actor=SYSTEM)
    finish(tenant_id, export.id)
    with acting_as("operator"):
        Export.objects.filter(id=export.id).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert exports_expire() >= 1
    assert list(objects().listing(f"tenants/{tenant_id.hex}/exports/")) == []
    assert not export_delete(tenant_id=tenant_id, export_id=export.id, actor=SYSTEM)
