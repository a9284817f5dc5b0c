"""The signed upload_id: everything that is known of an upload before its bytes come."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from cavendish.http.problems import not_found
from generations.accept.storage import UPLOAD_SECONDS

LIFETIME = UPLOAD_SECONDS
"""From the start of an upload to its last byte."""
_SALT = "cavendish.upload"


@dataclass(frozen=True)
class UploadId:
    """Everything that is known of an upload. `size` is in bytes, None where it was not announced; `file_id` is that of
    the file to be.
    """

    file_id: UUID
    tenant_id: UUID
    key_id: UUID
    livemode: bool
    mime_type: str
    size: int | None
    name: str
    resource_name: str | None

    def sign(self) -> str:
        fields = [self.file_id.hex, self.tenant_id.hex, self.key_id.hex, self.livemode]
        return signing.dumps(
            [*fields, self.mime_type, self.size, self.name, self.resource_name], salt=_SALT, compress=True
        )

    @classmethod
    def parse(cls, text: str) -> UploadId:
        """What `sign` returned, read again. Raises Problem 404 for one that we did not sign or that has expired."""
        try:
            fields = signing.loads(text, salt=_SALT, max_age=LIFETIME)
            file, tenant, key, livemode, mime_type, size, name, resource_name = fields
        except (signing.BadSignature, ValueError):
            raise not_found() from None
        return cls(UUID(hex=file), UUID(hex=tenant), UUID(hex=key), livemode, mime_type, size, name, resource_name)
