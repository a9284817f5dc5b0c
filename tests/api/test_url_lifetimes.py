"""`?url_expires_in=`: how long the links in an answer last."""

from __future__ import annotations

import re
import time

import pytest

from tests.api.accounts import Account, Json

PATHS = (
    "/api/v1/generations",
    "/api/v1/generations/{generation}",
    "/api/v1/outputs",
    "/api/v1/outputs/{output}",
)


@pytest.fixture(scope="module")
def made(reader: Account) -> Json:
    return reader.make()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seconds", [1, 90, 604_800])
def test_links_last_as_long_as_was_chosen(reader: Account, made: Json, path: str, seconds: int) -> None:
    address = path.format(generation=made["id"], output=made["outputs"][0]["id"])
    answer = reader.get(f"{address}?url_expires_in={seconds}")
    assert answer.status_code == 200
    expiries = [int(number) for number in re.findall(r"[?]expires=(\d+)", answer.text)]
    assert len(expiries) >= 2
    assert all(abs(expiry - time.time() - seconds) <= 5 for expiry in expiries)


def test_a_link_ends_when_it_was_chosen_to(reader: Account, made: Json) -> None:
    output = reader.get(f"/api/v1/outputs/{made['outputs'][0]['id']}?url_expires_in=1").json()
    time.sleep(1.2)
    reader.refused(reader.http.get(output["url"]), 403, "signature_invalid")
    assert reader.http.get(output["page_url"]).status_code == 403


def test_a_read_that_waits_keeps_the_lifetime(reader: Account) -> None:
    public = reader.post("/api/v1/generations", json={"model": "gemini-3.1-flash-image", "input": "[[latency:1]]"})
    address = f"/api/v1/generations/{public.json()['id']}?url_expires_in=90"
    shown = reader.get(address, headers={"Prefer": "wait=20"}).json()
    assert shown["status"] == "succeeded"
    [expires] = re.findall(r"[?]expires=(\d+)", shown["outputs"][0]["url"])
    assert abs(int(expires) - time.time() - 90) <= 5


def test_the_results_of_a_batch_have_links_that_last_as_chosen(reader: Account) -> None:
    items = [{"key": "a", "request": {"model": "gemini-3.1-flash-image", "input": "x"}}]
    batch = reader.post("/api/v1/batches", json={"items": items}).json()["id"]
    results = f"/api/v1/batches/{batch}/results?url_expires_in="
    until = time.monotonic() + 30
    while not (answer := reader.get(f"{results}604800")).text and time.monotonic() < until:
        time.sleep(0.1)
    expiries = [int(number) for number in re.findall(r"[?]expires=(\d+)", answer.text)]
    assert len(expiries) >= 2
    assert all(abs(expiry - time.time() - 604_800) <= 5 for expiry in expiries)
    reader.refused(reader.get(f"{results}604801"), 422, "invalid_request", "/url_expires_in", "invalid")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("text", ["0", "-1", "604801", "x", "1.5", "", "99999999999999999999", "%D9%A3", "+1", "1%00"])
def test_a_lifetime_that_is_none_is_refused(reader: Account, made: Json, path: str, text: str) -> None:
    address = path.format(generation=made["id"], output=made["outputs"][0]["id"])
    reader.refused(reader.get(f"{address}?url_expires_in={text}"), 422, "invalid_request", "/url_expires_in", "invalid")
