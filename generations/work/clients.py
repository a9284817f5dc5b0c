"""Which upstream a job talks to: live jobs to Gemini (the sandbox where no key is set), test jobs to the sandbox."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from cavendish.boot.config import ConfigurationError
from cavendish.gemini.catalog import CatalogError, get_model
from cavendish.gemini.client import GeminiClient, Key, KeyPool, KeyReport
from generations.work.job import Job

SANDBOX = "sandbox"
"""The host of what runs on the sandbox."""


class TenantKeys(KeyPool):
    """A key of its own for each tenant, made up when it is needed: the sandbox takes any.

    It keeps keys apart as Google keeps projects, so a tenant that provokes limits there (`[[fault:429]]`) slows nobody
    else, and no tenant can name another's interaction.
    """

    def __init__(self) -> None:
        super().__init__(["sandbox"])

    def knows(self, fingerprint: str | None) -> bool:
        return fingerprint is not None

    def note(self, key: Key, *, status: int | None, failed: bool) -> None:
        """Counts nothing: there are as many keys as tenants, and none is the operator's."""

    def report(self) -> list[KeyReport]:
        return []

    def pick(self, prefer: str | None = None) -> Key:
        if prefer is None:
            return super().pick()
        return self.with_wait(Key(fingerprint=prefer, secret=f"sandbox-{prefer}"))


class Clients:
    """Two clients per worker process, live and sandbox; one and the same where no upstream key is set."""

    def __init__(self) -> None:
        if not settings.SANDBOX_URL:
            # Falling back to the live upstream would let test keys, which are never billed, spend the operator's money.
            raise ConfigurationError("SANDBOX_URL is not set: test keys need a sandbox, they must never reach Google.")
        keys = KeyPool(settings.GEMINI_API_KEYS) if settings.GEMINI_API_KEYS else TenantKeys()
        self.keys = keys
        self.live = _client(settings.GEMINI_BASE_URL, keys)
        same = settings.GEMINI_BASE_URL == settings.SANDBOX_URL
        self.sandbox = self.live if same else _client(settings.SANDBOX_URL, TenantKeys())

    def of(self, job: Job) -> GeminiClient:
        return self.live if job.livemode else self.sandbox

    def is_sandbox(self, job: Job) -> bool:
        return self.base_url(job) == settings.SANDBOX_URL

    def base_url(self, job: Job) -> str:
        url: str = settings.GEMINI_BASE_URL if self.of(job) is self.live else settings.SANDBOX_URL
        return url

    def host(self, job: Job) -> str:
        """What an upstream id belongs to; another upstream does not know it."""
        return SANDBOX if self.is_sandbox(job) else urlsplit(self.base_url(job)).netloc

    def key(self, job: Job, known: str) -> str | None:
        """The fingerprint of the key to prefer: the one the conversation began with, on the sandbox the tenant's."""
        return job.tenant_id.hex[-16:] if self.is_sandbox(job) else known or None

    def in_background(self, job: Job) -> bool:
        """Whether the upstream answers with an id first, so that a crash resumes. The sandbox does for every model."""
        names = settings.GEMINI_BACKGROUND_MODELS
        return bool(job.spec["store"]) and (
            self.is_sandbox(job) or job.model in names or "*" in names or _takes_background(job.model)
        )

    async def aclose(self) -> None:
        await self.live.aclose()
        if self.sandbox is not self.live:
            await self.sandbox.aclose()


def _takes_background(model: str) -> bool:
    try:
        return get_model(model).background
    except CatalogError:  # it was taken out of the operator's file after the job was accepted
        return False


def _client(base_url: str, keys: KeyPool) -> GeminiClient:
    return GeminiClient(
        base_url=base_url,
        keys=keys,
        connect_timeout=settings.GEMINI_CONNECT_TIMEOUT,
        read_timeout=settings.GEMINI_READ_TIMEOUT,
    )
