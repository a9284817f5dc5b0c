"""A file as Google's Files API shows it."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings

from cavendish.http.times import moment
from generations.models import File


def file_json(file: File) -> dict[str, Any]:
    shown = {
        "name": f"files/{file.resource_name or file.id.hex}",
        "displayName": file.name,
        "mimeType": file.mime_type,
        "sizeBytes": str(file.bytes),
        "createTime": moment(file.created_at),
        "updateTime": moment(file.created_at),
        "expirationTime": moment(file.expires_at),
        # Base64 of the hexadecimal digits: so Google sends it.
        "sha256Hash": base64.b64encode(file.sha256.encode()).decode(),
        # Without downloadUri, which Google gives to what it made itself.
        "uri": f"{settings.BASE_URL}/v1beta/files/{file.id.hex}",
        "state": "ACTIVE",
        "source": "UPLOADED",
    }
    return {key: value for key, value in shown.items() if value}
