"""Addresses of Valkey as redis-py takes them."""

from __future__ import annotations


def redis_url(url: str) -> str:
    """Returns the URL under the schemes that redis-py knows, `redis` and `rediss`; any other text as it is."""
    return "redis" + url.removeprefix("valkey") if url.startswith("valkey") else url
