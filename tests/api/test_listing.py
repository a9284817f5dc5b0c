"""Pages and filters of the lists."""

from __future__ import annotations

import pytest

from tests.api.accounts import FLASH, LITE, Account

LISTS = ("generations", "outputs", "files")


def test_pages_are_newest_first_and_complete(account: Account) -> None:
    made = [account.make(input=f"cat {number}")["id"] for number in range(5)]
    found, cursor = [], ""
    for expected in (2, 2, 1):
        page = account.get(f"/api/v1/generations?limit=2{cursor}").json()
        assert (page["object"], len(page["data"])) == ("list", expected)
        assert page["has_more"] is (page["next_cursor"] is not None) is (expected == 2)
        found += [one["id"] for one in page["data"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == made[::-1]
    outputs = account.get("/api/v1/outputs?limit=3").json()
    assert [one["generation_id"] for one in outputs["data"]] == made[:1:-1]
    rest = account.get(f"/api/v1/outputs?limit=3&cursor={outputs['next_cursor']}").json()
    assert ([one["generation_id"] for one in rest["data"]], rest["next_cursor"]) == (made[1::-1], None)


def test_a_page_stays_what_it_was_when_something_new_comes(account: Account) -> None:
    first, second = account.make()["id"], account.make()["id"]
    page = account.get("/api/v1/generations?limit=1").json()
    assert [one["id"] for one in page["data"]] == [second]
    account.make()
    rest = account.get(f"/api/v1/generations?limit=1&cursor={page['next_cursor']}").json()
    assert [one["id"] for one in rest["data"]] == [first]


def test_filters(account: Account) -> None:
    good, bad = account.make()["id"], account.generate(input="x [[safety]]")["id"]
    light = account.make(model=LITE)["id"]

    def listed(query: str) -> list[str]:
        return [one["id"] for one in account.get(f"/api/v1/generations?{query}").json()["data"]]

    assert listed("status=failed") == [bad]
    assert listed("status=succeeded") == [light, good]
    assert listed(f"model={LITE}") == [light]
    assert listed(f"model={LITE}&status=failed") == []


def test_each_mode_lists_its_own(account: Account) -> None:
    test_mode = account.key(livemode=False)
    live, tested = account.make(), test_mode.make()
    assert (live["livemode"], tested["livemode"]) == (True, False)
    live_file, test_file = account.file()["id"], test_mode.file()["id"]
    for asked, generation, file in ((account, live, live_file), (test_mode, tested, test_file)):
        assert [one["id"] for one in asked.get("/api/v1/generations").json()["data"]] == [generation["id"]]
        assert [one["generation_id"] for one in asked.get("/api/v1/outputs").json()["data"]] == [generation["id"]]
        assert [one["id"] for one in asked.get("/api/v1/files").json()["data"]] == [file]
    assert tested["charge"]["amount"] == "0.000000000"


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("limit=0", "/limit", "out_of_range"),
        ("limit=101", "/limit", "out_of_range"),
        ("limit=-1", "/limit", "out_of_range"),
        ("limit=1.5", "/limit", "out_of_range"),
        ("limit=", "/limit", "out_of_range"),
        ("limit=%D9%A3", "/limit", "out_of_range"),
        ("limit=%C2%B2", "/limit", "out_of_range"),
        (f"limit={'9' * 5000}", "/limit", "out_of_range"),
        ("cursor=nonsense", "/cursor", "invalid"),
        ("cursor=gen_%00", "/cursor", "invalid"),
        (f"cursor=ten_{'0' * 32}", "/cursor", "invalid"),
        (f"cursor=gen_{'%D9%A3' * 32}", "/cursor", "invalid"),
    ],
)
def test_a_wrong_query_is_named(reader: Account, name: str, query: str, pointer: str, code: str) -> None:
    reader.refused(reader.get(f"/api/v1/{name}?{query}"), 422, "invalid_request", pointer, code)


def test_an_unknown_status_is_named(reader: Account) -> None:
    answer = reader.get("/api/v1/generations?status=done")
    reader.refused(answer, 422, "invalid_request", "/status", "unknown_value", "queued, running, succeeded")
    reader.refused(reader.get("/api/v1/generations?status=%00"), 422, "invalid_request", "/status", "unknown_value")


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "text/html", "text/event-stream", "image/png", "x;;q=z/"]
)
def test_every_address_has_one_representation(reader: Account, accept: str) -> None:
    answer = reader.get("/api/v1/generations", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/v1/generations"),
        ("PUT", "/api/v1/generations/gen_x"),
        ("GET", "/api/v1/quotes"),
        ("DELETE", "/api/v1/models"),
        ("POST", "/api/v1/outputs/out_x/content"),
        ("TRACE", "/api/v1/files"),
    ],
)
def test_a_method_that_is_not_there_is_405(reader: Account, method: str, path: str) -> None:
    answer = reader.ask(method, path)
    assert answer.headers["allow"]
    reader.refused(answer, 405, "method_not_allowed", None, None, method)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/v2/models", "/api/v1/generations/", "/api/v1/generations/%ff", "/api/" + "a" * 3000],
)
def test_an_address_that_is_not_there_is_404(reader: Account, path: str) -> None:
    reader.refused(reader.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/nothing", "openapi.json"),
        ("/api/v1/generations/", "slash"),
        ("/v1beta/cachedContents", "interactions"),
        ("/openai/v1/responses", "images/generations"),
        ("/openai/v1/models/", "slash"),
        ("/api/v1/models/nope", f"use {FLASH}"),
        ("/v1beta/models/nope", f"use {FLASH}"),
        ("/openai/v1/models/nope", f"use {FLASH}"),
        ("/openai/v1/models/gemini-3-1-flash-image", f"did you mean {FLASH}?"),
    ],
)
def test_a_404_says_what_there_is(reader: Account, path: str, words: str) -> None:
    answer = reader.get(path)
    assert (answer.status_code, words in answer.text) == (404, True), answer.text


def test_a_model_that_a_key_may_not_use_is_404(account: Account) -> None:
    answer = account.key(scopes=["read"], allowed_models=[LITE]).get(f"/api/v1/models/{FLASH}")
    account.refused(answer, 404, "not_found", None, None, f"use {LITE}")


@pytest.mark.parametrize(
    "path", ["/openai/v1/images/generations", "/openai/v1/chat/completions", "/v1beta/models/imagen-4.0:predict"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "OPTIONS"])
def test_a_method_that_is_for_the_platform_alone_is_not_offered(reader: Account, path: str, method: str) -> None:
    for body in ("", "{}"):
        answer = reader.ask(method, path, content=body)
        assert answer.status_code == (200 if method == "OPTIONS" else 405)
        assert answer.headers["allow"] == "POST, OPTIONS"
