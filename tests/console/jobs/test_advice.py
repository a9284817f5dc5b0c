"""Every error that the API documents for a job has words of ours, and none says that something went wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cavendish.above.console.jobs.advice import LINES, advice, advice_of, failures
from generations.errors import ErrorCode

ERRORS = (Path(__file__).parents[3] / "docs/api/errors.md").read_text()


def test_every_code_of_a_failed_generation_has_a_sentence_and_an_act() -> None:
    for code in ErrorCode:
        found = advice(code)
        assert found.said.endswith("."), code
        assert found.act.endswith("."), code
        assert not re.search("something went wrong", found.said, re.IGNORECASE), code
    assert [code for code, _word in failures()] == list(ErrorCode)


@pytest.mark.parametrize("code", sorted(set(LINES) - {"canceled", "expired", "erased"}))
def test_every_code_here_is_documented(code: str) -> None:
    assert f"`{code}`" in ERRORS


def test_a_budget_is_named_with_whose_it_is() -> None:
    error = {"code": "budget_exceeded", "message": "…", "budget": {"scope": "key", "scope_id": "key_1"}}
    found = advice_of(error, names={"key_1": "Web shop"})
    assert found is not None
    assert found.short == "the budget of the key Web shop is used up"
    assert found.link == "/console/usage/"


def test_the_words_of_google_stand_beside_ours_and_an_unknown_code_keeps_the_apis() -> None:
    assert advice("upstream_rejected", "Bad aspect ratio.").detail == "Bad aspect ratio."
    assert advice("internal", "A row was lost.").detail == ""
    assert advice("brand_new", "It rained.").said == "It rained."
