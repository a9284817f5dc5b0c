"""The object store: pictures and files by key, byte for byte, in a folder or through django-storages.

`STORAGE_URL` is `file:///path` or `s3://bucket/prefix?endpoint_url=…&region_name=…` (credentials in the environment, as
boto3 reads them). Calls block and may take seconds: never inside a transaction, never on an event loop.
"""

from __future__ import annotations

from cavendish.storage.objects import ERASE_SECONDS, ObjectMissing, Objects, StorageAway, Stored, is_outage, objects

__all__ = ["ERASE_SECONDS", "ObjectMissing", "Objects", "StorageAway", "Stored", "is_outage", "objects"]
