"""Notes of operators about a tenant: for operators alone."""

from __future__ import annotations

from rest_framework.test import APIClient

from accounts.models import AuditEvent, OperatorRole, TenantNote
from cavendish.above.tenant_data.erasure import STEPS
from cavendish.db.ids import TENANT, encode
from cavendish.db.router import acting_as
from tests.factories import make_key, make_operator_key, make_tenant


def client(role: OperatorRole) -> APIClient:
    return APIClient(HTTP_AUTHORIZATION=f"Bearer {make_operator_key(role=role)}")


def test_a_note_is_written_read_and_removed_and_no_tenant_sees_it() -> None:
    tenant = make_tenant()
    path = f"/api/v1/tenants/{encode(TENANT, tenant.id)}/notes"
    support, reader = client(OperatorRole.SUPPORT), client(OperatorRole.READ_ONLY)
    note = support.post(path, {"text": "  Pays late.\r\nAsk Ada first. "}, format="json").json()
    assert note["text"] == "Pays late.\nAsk Ada first."
    assert reader.get(path).json()["data"] == [note]
    for text in ("", " ", "x" * 2001, "\x00"):
        assert support.post(path, {"text": text}, format="json").json()["errors"][0]["pointer"] == "/text"
    assert reader.delete(f"{path}/{note['id']}").status_code == 403
    other = f"/api/v1/tenants/{encode(TENANT, make_tenant().id)}/notes/{note['id']}"
    assert support.delete(other).status_code == 404

    own = APIClient(HTTP_AUTHORIZATION=f"Bearer {make_key(tenant, scopes=['audit'])[1]}")
    assert "note" not in own.get("/api/v1/audit-events").content.decode()
    assert own.get(path).status_code == 401

    assert support.delete(f"{path}/{note['id']}").status_code == 204
    assert support.delete(f"{path}/{note['id']}").status_code == 404
    assert reader.get(path).json()["data"] == []
    with acting_as("operator"):
        row = TenantNote.objects.get(tenant=tenant)
        events = AuditEvent.objects.filter(target_id=row.id.hex).order_by("id")
        assert [event.action for event in events] == ["tenant_note.created", "tenant_note.removed"]
        assert "late" not in str([event.after for event in events])
    assert (row.text, row.removed_at is None) == ("", False)


def test_an_erasure_takes_notes_along() -> None:
    tenant = make_tenant()
    path = f"/api/v1/tenants/{encode(TENANT, tenant.id)}/notes"
    assert client(OperatorRole.FULL).post(path, {"text": "Owner: Ada"}, format="json").status_code == 201
    assert STEPS["texts"](tenant.id) == 1
    with acting_as("operator"):
        assert not TenantNote.objects.filter(tenant=tenant).exists()
