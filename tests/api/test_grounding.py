"""I8: a grounded generation never comes without its citations and search suggestions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.accounts import FLASH, PRO, SMALL, Account

SEARCH = {"type": "google_search"}


@pytest.mark.parametrize(
    ("model", "types", "citations"),
    [
        (FLASH, None, 1),
        (FLASH, ["web_search"], 1),
        (FLASH, ["image_search"], 1),
        (FLASH, ["web_search", "image_search"], 2),
        (PRO, None, 1),
    ],
)
def test_what_was_searched_and_cited_comes_with_the_picture(
    account: Account, model: str, types: list[str] | None, citations: int
) -> None:
    tool: dict[str, Any] = SEARCH if types is None else {**SEARCH, "search_types": types}
    made = account.make(model=model, input="Das Wetter in Köln 🌧", tools=[tool])
    grounding = made["grounding"]
    assert len(grounding["citations"]) == citations
    assert len(grounding["search_queries"]) == made["usage"]["search_queries"] == citations
    assert all("Köln" in query for query in grounding["search_queries"])
    assert len(grounding["search_suggestions"]) == citations
    for html in grounding["search_suggestions"]:
        assert html.startswith("<style>")
        assert 'class="chip"' in html
    [words] = [block for block in made["content"] if block["type"] == "text"]
    assert words["citations"] == grounding["citations"]
    for citation in grounding["citations"]:
        assert list(citation) == ["url", "title", "start_index", "end_index", "text"]
        start, end = citation["start_index"], citation["end_index"]
        assert words["text"].encode()[start:end].decode() == citation["text"]
        # The sandbox cites whole sentences with letters of several bytes before and in them: no character is an offset.
        assert citation["text"][0].isupper()
        assert citation["text"].endswith(".")
        assert words["text"][start:end] != citation["text"]
        assert citation["url"].startswith("https://")
    lines = {line["kind"]: line for line in made["charge"]["lines"]}
    assert (lines["search_query"]["quantity"], lines["search_query"]["unit"]) == (citations, "per_1k_queries")


def test_every_representation_carries_it_and_the_bytes_link_to_a_page_that_does(account: Account) -> None:
    made = account.make(input="weather", tools=[SEARCH], response_format=SMALL)
    read = account.get(f"/api/v1/generations/{made['id']}").json()
    [listed] = account.get("/api/v1/generations").json()["data"]
    assert read["grounding"] == listed["grounding"] == made["grounding"]
    assert read["content"] == listed["content"] == made["content"]
    answer = account.http.get(made["outputs"][0]["url"])
    link = answer.headers["link"]
    address = link[1 : link.index(">")]
    assert link.endswith('rel="describedby"; type="text/html"')
    assert address.startswith(f"{account.http.base_url!s}".rstrip("/") + f"/g/{made['id']}?")
    again = account.http.get(made["outputs"][0]["url"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["link"]) == (304, link)


def test_a_generation_without_a_search_has_nothing_to_show(account: Account) -> None:
    made = account.make()
    assert made["grounding"] == {"search_queries": [], "search_suggestions": [], "citations": []}
    assert made["usage"]["search_queries"] == 0


def test_an_output_by_itself_says_what_must_be_shown_with_it(account: Account) -> None:
    made = account.make(input="weather 🌧 in 東京", tools=[SEARCH], response_format=SMALL)
    plain = account.make(response_format=SMALL)
    answer = account.get(f"/api/v1/outputs/{made['outputs'][0]['id']}")
    output = answer.json()
    assert output["grounding"] == made["grounding"]
    assert output["grounding"]["search_suggestions"]
    assert output["grounded"] is True
    assert answer.headers["link"] == f'<{output["page_url"]}>; rel="describedby"; type="text/html"'
    assert account.http.get(output["page_url"]).status_code == 200
    first, second = account.get("/api/v1/outputs").json()["data"]
    assert (first["generation_id"], first["grounded"], second["grounded"]) == (plain["id"], False, True)
    assert second["grounding"] == made["grounding"]
    assert first["grounding"] == {"search_queries": [], "search_suggestions": [], "citations": []}
    for nested in (made["outputs"][0], account.get("/api/v1/generations").json()["data"][1]["outputs"][0]):
        assert nested["grounded"] is True
        assert f"/g/{made['id']}?" in nested["page_url"]
