"""What the official libraries make of a limit."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from google import genai
from google.genai import _interactions as sdk
from google.genai import errors

from tests.api.accounts import FLASH, SMALL, Account
from tests.services import Running


def test_the_libraries_see_the_limit_and_when_to_come_again(platform: Running, account: Account) -> None:
    narrow = account.key(requests_per_minute=1)
    assert narrow.get("/api/v1/models").status_code == 200
    options: Any = {"base_url": platform.url, "retry_options": {"attempts": 1}}
    client: Any = genai.Client(api_key=narrow.secret, http_options=options)
    with account.untouched():
        with pytest.raises(sdk.RateLimitError, match="1 request a minute") as interaction:
            client.interactions.create(model=FLASH, input="x", response_format=SMALL)
        with pytest.raises(errors.ClientError, match="RESOURCE_EXHAUSTED") as content:
            client.models.generate_content(model=FLASH, contents="x")
        with (
            openai.OpenAI(api_key=narrow.secret, base_url=f"{platform.url}/openai/v1", max_retries=0) as other,
            pytest.raises(openai.RateLimitError, match="1 request a minute") as images,
        ):
            other.images.generate(model=FLASH, prompt="x")
    told = [raised.value.response for raised in (interaction, content, images)]
    assert [answer.headers["retry-after"] for answer in told] == ["8", "8", "8"]
    assert all('"key-requests";r=0' in answer.headers["ratelimit"] for answer in told)
    assert images.value.code == "rate_limit_exceeded"
    client.close()
