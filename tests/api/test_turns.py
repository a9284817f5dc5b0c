"""Conversations: several turns, an upstream that forgot them, and turns that cannot be continued."""

from __future__ import annotations

import httpx
import pytest

from generations.models import Generation, GenerationContent
from tests.api.accounts import FLASH, PRO, SMALL, Account, image, picture, text, uuid_of
from tests.services import Running


def upstream_of(account: Account, public: str) -> str:
    with account.books.open():
        return str(Generation.objects.get(id=uuid_of(public)).upstream_id)


def forget(platform: Running, account: Account, public: str) -> None:
    """Deletes the interaction on the sandbox, as the upstream does after some days."""
    with account.books.open():
        row = Generation.objects.get(id=uuid_of(public))
    address = f"{platform.ready['sandbox_url']}/v1beta/interactions/{row.upstream_id}"
    key = {"x-goog-api-key": f"sandbox-{account.tenant.id.hex[-16:]}"}
    assert httpx.delete(address, headers=key).status_code == 200
    assert httpx.get(address, headers=key).status_code == 404


def test_three_turns(account: Account) -> None:
    first = account.make(input=[text("A poster of photosynthesis"), image(picture(160, 90))])
    second = account.make(input="Now in Spanish", previous_generation_id=first["id"])
    third = account.make(input="In blue", previous_interaction_id=second["id"], model=PRO)
    assert (first["previous_generation_id"], second["previous_generation_id"]) == (None, first["id"])
    assert third["previous_generation_id"] == second["id"]
    upstream = [upstream_of(account, made["id"]) for made in (first, second, third)]
    assert len(set(upstream)) == 3
    assert all(upstream)
    assert all(account.get(f"/api/v1/generations/{made['id']}").status_code == 200 for made in (first, second, third))


@pytest.mark.parametrize("model", [FLASH, PRO])
def test_a_conversation_that_the_upstream_forgot_is_rebuilt(platform: Running, account: Account, model: str) -> None:
    level = {"generation_config": {"thinking_level": "high"}} if model == FLASH else {}
    first = account.make(model=model, input=[text("A poster"), image()], **level)
    second = account.make(model=model, input="Bigger", previous_generation_id=first["id"])
    for turn in (first, second):
        forget(platform, account, turn["id"])
    third = account.make(model=model, input="In blue", previous_generation_id=second["id"])
    with account.books.open():
        earlier = [GenerationContent.objects.get(pk=uuid_of(turn["id"])).steps for turn in (first, second)]
    # the whole of it went up again: what was sent, what came, and the thoughts' signatures
    assert third["usage"]["input"]["image"] >= 3 * {FLASH: 258, PRO: 560}[model]
    signatures = [step["signature"] for steps in earlier for step in steps if step.get("signature")]
    assert signatures
    # and the rebuilt conversation goes on from there
    fourth = account.make(model=model, input="In red", previous_generation_id=third["id"])
    assert fourth["previous_generation_id"] == third["id"]


def test_a_conversation_whose_pictures_were_erased_fails_and_costs_nothing(platform: Running, account: Account) -> None:
    file = account.file()
    first = account.make(input=[text(), {"type": "image", "file_id": file["id"]}])
    forget(platform, account, first["id"])
    assert account.delete(f"/api/v1/files/{file['id']}").status_code == 204
    before = account.trace
    second = account.generate(input="again", previous_generation_id=first["id"])
    assert (second["status"], second["error"]["code"]) == ("failed", "internal")
    assert "was erased" in second["error"]["message"]
    assert (second["charge"]["status"], second["charge"]["amount"]) == ("not_charged", "0.000000000")
    assert (account.trace.held, account.trace.balance) == (before.held, before.balance)


def test_only_a_succeeded_stored_turn_of_the_same_tenant_and_mode_can_be_continued(
    account: Account, other: Account
) -> None:
    pointer = "/previous_generation_id"
    failed = account.generate(input="x [[fault:400]]")["id"]
    unstored = account.make(store=False)["id"]
    deleted = account.make()["id"]
    assert account.delete(f"/api/v1/generations/{deleted}").status_code == 204
    test_mode = account.key(livemode=False).make()["id"]
    foreign = other.make()["id"]
    output = account.make()["outputs"][0]["id"]
    running = account.submit(input="slow [[latency:5]]", wait=0).json()["id"]

    def again(previous: str) -> httpx.Response:
        return account.submit(input="again", previous_generation_id=previous)

    before = account.trace
    account.refused(again(running), 422, "invalid_request", pointer, "not_finished", "only a succeeded")
    account.refused(again(failed), 422, "invalid_request", pointer, "not_finished", "It is failed")
    account.refused(again(unstored), 422, "invalid_request", pointer, "not_stored", '"store": false')
    answers = [
        again(previous).content
        for previous in (deleted, test_mode, foreign, output, "gen_" + "0" * 32, "gen_", "nonsense", "gen_" + "٣" * 32)
    ]
    assert len(set(answers)) == 1  # nobody learns which of these exist
    account.refused(again(foreign), 404, "not_found", pointer, "not_found", "no such generation")
    assert account.trace == before
    canceled = account.post(f"/api/v1/generations/{running}/cancel").json()
    assert canceled["status"] == "canceled"
    account.refused(again(running), 422, "invalid_request", pointer, "not_finished", "It is canceled")
    both = account.submit(previous_generation_id=unstored, previous_interaction_id=failed)
    account.refused(both, 422, "invalid_request", "/previous_interaction_id", "conflict", "one field")


def test_what_is_not_stored_is_not_kept_by_the_upstream(platform: Running, account: Account) -> None:
    made = account.make(store=False, response_format=SMALL)
    upstream = upstream_of(account, made["id"])
    key = {"x-goog-api-key": f"sandbox-{account.tenant.id.hex[-16:]}"}
    for known in filter(None, [upstream]):
        assert httpx.get(f"{platform.ready['sandbox_url']}/v1beta/interactions/{known}", headers=key).status_code == 404
    assert account.get(f"/api/v1/generations/{made['id']}").json()["outputs"]
