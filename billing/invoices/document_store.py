"""Documents of the books: made once, outside of any transaction, kept in object storage with their SHA-256.

Their bytes are the same ever after.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction

from billing.models import BillingProfile, InvoiceDocument, LegalEntity
from cavendish.db.router import acting_as, current_alias
from cavendish.storage import objects

CANCELLATION, XRECHNUNG = "cancellation", "xrechnung"
"""What an invoice or a credit note has beside its own PDF."""


def document_id(subject_id: UUID, kind: str) -> UUID:
    """Returns the id under which a further document of the same thing is kept."""
    return uuid5(subject_id, kind)


def document_keep(
    *,
    tenant_id: UUID,
    subject_id: UUID,
    name: str,
    render: Callable[[], bytes],
    send: Callable[[InvoiceDocument], object] | None = None,
) -> InvoiceDocument:
    """Returns the kept document, or renders and keeps it and, in the same transaction, queues its mail.

    Two that render the same one at once keep two objects under names of their own; the row of the first one counts.
    """
    with acting_as("operator"):
        kept: InvoiceDocument | None = InvoiceDocument.objects.filter(subject_id=subject_id).first()
        if kept is not None:
            return kept
        content = render()
        ending = name.rpartition(".")[2]
        key = f"tenants/{tenant_id.hex}/invoices/{subject_id.hex}-{secrets.token_hex(4)}.{ending}"
        folder = Path(settings.SPOOL_DIR) / "invoices"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / key.rpartition("/")[2]
        part.write_bytes(content)
        objects().keep(part, key)
        with transaction.atomic(using=current_alias()):
            kept, created = InvoiceDocument.objects.get_or_create(
                subject_id=subject_id,
                defaults={
                    "tenant_id": tenant_id,
                    "name": name,
                    "storage_key": key,
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "bytes": len(content),
                },
            )
            if created and send is not None:
                send(kept)
        if not created:
            objects().delete(key)
        return kept


def document_read(document: InvoiceDocument) -> bytes:
    """Returns a document as it is kept. Reads object storage."""
    return b"".join(objects().read(document.storage_key))


def wants_mail(tenant_id: UUID) -> bool:
    return not BillingProfile.objects.filter(tenant_id=tenant_id, send_by_email=False).exists()


def logo_of(legal_entity_id: UUID | None) -> bytes | None:
    if legal_entity_id is None:
        return None
    entity = LegalEntity.objects.filter(id=legal_entity_id).first()
    return bytes(entity.logo) if entity is not None and entity.logo else None


def file_name(number: str, ending: str = "pdf") -> str:
    """Returns the name of a file of this number, whose prefix may hold slashes."""
    return "".join(char if char.isalnum() or char in "-_." else "-" for char in number) + f".{ending}"
