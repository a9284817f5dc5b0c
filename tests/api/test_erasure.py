"""What is erased with a generation, and what is not."""

from __future__ import annotations

import base64

from tests.api.accounts import Account, picture, text


def test_inline_pictures_go_with_their_generation_and_uploads_stay(account: Account) -> None:
    upload = account.file()["id"]
    inline = {"type": "image", "data": base64.b64encode(picture()).decode()}
    made = account.make(input=[text(), inline, {"type": "image", "file_id": upload}])
    sent = made["request"]["input"][1]["file_id"]
    before = account.trace.objects

    assert account.delete(f"/api/v1/generations/{made['id']}").status_code == 204

    assert account.get(f"/api/v1/generations/{made['id']}").status_code == 404
    assert account.get(f"/api/v1/files/{sent}").status_code == 404
    assert account.get(f"/api/v1/files/{upload}").status_code == 200
    gone = {path.rsplit("/", 1)[1].split(".")[0] for path in before - account.trace.objects}
    assert gone == {sent.removeprefix("file_"), made["outputs"][0]["id"].removeprefix("out_")}


def test_what_it_cost_stays_in_the_books(account: Account) -> None:
    made = account.make()
    before = account.trace

    account.delete(f"/api/v1/generations/{made['id']}")

    after = account.trace
    assert (after.balance, after.entries, after.held) == (before.balance, before.entries, before.held)
    assert after.generations == before.generations
    assert after.outputs == before.outputs - 1
