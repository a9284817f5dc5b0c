"""Which upstream a job's client talks to."""

from __future__ import annotations

from typing import Any

import pytest

from cavendish.boot.config import ConfigurationError
from generations.work.clients import Clients

GOOGLE = "https://generativelanguage.googleapis.com"


def test_without_a_sandbox_a_worker_refuses_to_start(settings: Any) -> None:
    """Test keys are not billed: with Google as their stand-in they would spend the operator's money for nothing."""
    settings.SANDBOX_URL = ""
    settings.GEMINI_API_KEYS = ["AIzaNot-a-key"]
    settings.GEMINI_BASE_URL = GOOGLE

    with pytest.raises(ConfigurationError, match="SANDBOX_URL"):
        Clients()


async def test_live_and_test_jobs_have_clients_of_their_own_where_keys_are_set(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    settings.GEMINI_API_KEYS = ["AIzaNot-a-key"]
    settings.GEMINI_BASE_URL = GOOGLE

    clients = Clients()

    assert clients.live is not clients.sandbox
    await clients.aclose()
