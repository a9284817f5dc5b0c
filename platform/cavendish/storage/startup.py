"""A STORAGE_URL with which no process starts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from cavendish.boot.config import ConfigurationError
from cavendish.boot.startup import folder_refusal
from cavendish.storage.objects import RemoteObjects, objects_at

PATIENCE = 5.0
"""Seconds for a bucket's answer. A store that does not answer is away, which is no error of the settings."""


def refuse_unusable_store() -> None:
    """Raises ConfigurationError for a store that never takes anything; one that is away or full may take it later."""
    url = urlsplit(settings.STORAGE_URL)
    if url.scheme == "file":
        if reason := folder_refusal(Path(unquote(url.path))):
            raise ConfigurationError(
                f"STORAGE_URL is {settings.STORAGE_URL}: {reason}. Use a folder that this process may write to."
            )
        return
    try:
        store = objects_at(settings.STORAGE_URL)
    except (ImproperlyConfigured, ValueError, TypeError) as error:
        raise ConfigurationError(f"STORAGE_URL cannot be used: {error}") from None
    assert isinstance(store, RemoteObjects)
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(_refusal(store.storage)), daemon=True)
    asking.start()
    asking.join(PATIENCE)
    if said and said[0]:
        raise ConfigurationError(f"STORAGE_URL cannot be used: {said[0]}")


def _refusal(storage: Any) -> str:
    """Returns what a bucket answers for good: it is not there, or there are no credentials to ask with."""
    # boto3 costs 80 MB and half a second, which only S3 needs.
    from botocore.exceptions import (  # type: ignore[import-untyped]
        BotoCoreError,
        ClientError,
        NoCredentialsError,
        ParamValidationError,
    )  # fmt: skip

    try:
        storage.connection.meta.client.head_bucket(Bucket=storage.bucket_name)
    except (NoCredentialsError, ParamValidationError) as error:
        return f"{error}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role that has them."
    except ClientError as error:
        # A role that may read and write need not be allowed to list: 403 says nothing.
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            return f"there is no bucket {storage.bucket_name}."
    except BotoCoreError:
        pass
    return ""
