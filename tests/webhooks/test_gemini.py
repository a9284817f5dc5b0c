"""Gemini's webhooks with the official SDK."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from google import genai
from standardwebhooks import Webhook

from tests.api.accounts import Account, Books, open_account
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_api import books, http, platform, receiver

__all__ = ["books", "http", "platform", "receiver"]


@pytest.fixture
def account(books: Books, http: httpx.Client) -> Account:
    return open_account(books, http)


@pytest.fixture
def client(account: Account) -> Any:
    options = genai.types.HttpOptions(base_url=str(account.http.base_url))
    return genai.Client(api_key=account.secret, http_options=options)


def test_the_sdk_makes_changes_and_deletes_webhooks(client: Any, receiver: Receiver) -> None:
    made = client.webhooks.create(name="Mine", subscribed_events=["batch.succeeded"], uri=receiver.url("/sdk"))
    assert made.new_signing_secret.startswith("whsec_")
    assert (made.name, made.state, made.uri) == ("Mine", "enabled", receiver.url("/sdk"))
    got = client.webhooks.get(id=made.id)
    assert got.new_signing_secret is None
    assert got.signing_secrets[0].truncated_secret.rstrip("…") == made.new_signing_secret[:12]
    assert [one.id for one in client.webhooks.list().webhooks] == [made.id]
    changed = client.webhooks.update(id=made.id, subscribed_events=["interaction.completed"], name="Yours")
    assert (changed.subscribed_events, changed.name) == (["interaction.completed"], "Yours")
    client.webhooks.ping(id=made.id)
    (arrived,) = receiver.wait("/sdk")
    assert Webhook(made.new_signing_secret).verify(arrived.body, arrived.headers)["type"] == "webhook.test"
    rotated = client.webhooks.rotate_signing_secret(id=made.id)
    assert rotated.secret.startswith("whsec_")
    assert len(client.webhooks.get(id=made.id).signing_secrets) == 2
    client.webhooks.rotate_signing_secret(id=made.id, revocation_behavior="revoke_previous_secrets_immediately")
    assert len(client.webhooks.get(id=made.id).signing_secrets) == 1
    assert client.webhooks.update(id=made.id, state="disabled").state == "disabled"
    client.webhooks.delete(id=made.id)
    with pytest.raises(Exception, match=r"404|[Nn]ot found"):
        client.webhooks.get(id=made.id)


def test_an_interaction_that_is_completed_is_told(client: Any, account: Account, receiver: Receiver) -> None:
    made = client.webhooks.create(
        name="", subscribed_events=["interaction.completed", "interaction.failed"], uri=receiver.url("/told")
    )
    interaction = client.interactions.create(model="gemini-3.1-flash-image", input="a cat")
    (arrived,) = receiver.wait("/told")
    body = Webhook(made.new_signing_secret).verify(arrived.body, arrived.headers)
    assert (body["type"], body["version"]) == ("interaction.completed", "v1")
    assert body["data"]["id"] == interaction.id


def test_wrong_webhooks_are_refused_by_the_name_of_the_field(account: Account) -> None:
    for body, name in (
        ({"uri": "https://169.254.169.254/", "subscribed_events": ["batch.failed"]}, "uri"),
        ({"uri": "https://example.com/", "subscribed_events": ["invoice.paid"]}, "subscribed_events"),
        ({"uri": "https://example.com/"}, "subscribed_events"),
        ({"subscribed_events": ["batch.failed"]}, "uri"),
    ):
        for version in ("v1", "v1beta"):
            answer = account.post(f"/{version}/webhooks", json=body)
            assert answer.status_code == 400, answer.text
            assert answer.json()["error"]["message"].startswith(name), answer.text
    assert account.get("/v1beta/webhooks").json() == {"webhooks": []}


def test_the_webhook_config_of_an_interaction(client: Any, receiver: Receiver) -> None:
    made = client.webhooks.create(name="", subscribed_events=["interaction.completed"], uri=receiver.url("/all"))
    config = {"uris": [receiver.url("/one")], "user_metadata": {"order": {"number": 7}}}
    told = client.interactions.create(model="gemini-3.1-flash-image", input="a cat", webhook_config=config)
    (arrived,) = receiver.wait("/one")
    data = Webhook(made.new_signing_secret).verify(arrived.body, arrived.headers)["data"]
    assert (data["id"], data["user_metadata"]) == (told.id, {"order": {"number": 7}})
    only = {"user_metadata": {"order": 8}}
    second = client.interactions.create(model="gemini-3.1-flash-image", input="a dog", webhook_config=only)
    (arrived,) = receiver.wait("/all")  # the first went to its own URL instead
    data = Webhook(made.new_signing_secret).verify(arrived.body, arrived.headers)["data"]
    assert (data["id"], data["user_metadata"]) == (second.id, {"order": 8})


def test_the_webhook_config_of_a_batch(client: Any, receiver: Receiver) -> None:
    made = client.webhooks.create(name="", subscribed_events=["batch.failed"], uri=receiver.url("/none"))
    batch = client.batches.create(
        model="gemini-3.1-flash-image",
        src=[{"contents": [{"parts": [{"text": "a cat"}]}]}],
        config={"webhook_config": {"uris": [receiver.url("/batch")], "user_metadata": {"a": "b"}}},
    )
    (arrived,) = receiver.wait("/batch", seconds=60)
    body = Webhook(made.new_signing_secret).verify(arrived.body, arrived.headers)
    assert body["type"] == "batch.succeeded"
    assert body["data"] == {"id": batch.name, "state": "BATCH_STATE_SUCCEEDED", "user_metadata": {"a": "b"}}
