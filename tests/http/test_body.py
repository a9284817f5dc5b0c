"""Bodies of the management API: exactly their types, and every wrong value at once."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.authentication.parameters import Parameters
from cavendish.http import json_body
from cavendish.http.parsers import MAX_BYTES, BodyTooLarge, SmallJSONParser
from cavendish.http.problems import Problem, problem_of
from cavendish.http.times import MomentInvalid, day_parse


class Wanted(json_body.Body):
    name = json_body.Text(min_length=1, max_length=5)
    size = json_body.WholeNumber(min_value=1, max_value=9, default=3)
    live = json_body.Flag(default=True)
    until = json_body.Moment(allow_null=True, default=None)
    kind = json_body.Choice(choices=["red", "green"], default="red")
    words = json_body.Listed(child=json_body.Text(max_length=3), max_length=2, default=list)


def request_of(value: Any) -> Request:
    return Request(
        APIRequestFactory().post("/", json.dumps(value), content_type="application/json"),
        parsers=[SmallJSONParser()],
    )


def errors_of(value: Any, *, partial: bool = False) -> dict[str, str]:
    with pytest.raises(Problem) as caught:
        json_body.body_of(request_of(value), Wanted, partial=partial)
    assert caught.value.status == 422
    return {error.pointer: error.code for error in caught.value.errors}


def test_what_is_right_comes_out_typed_with_its_defaults() -> None:
    assert json_body.body_of(request_of({"name": "a"}), Wanted) == {
        "name": "a", "size": 3, "live": True, "until": None, "kind": "red", "words": [],
    }  # fmt: skip
    sent = {"until": "2026-12-01T01:00:00+01:00", "size": 2.0, "words": ["a", "b"]}
    assert json_body.body_of(request_of(sent), Wanted, partial=True) == {
        "until": datetime(2026, 12, 1, tzinfo=UTC), "size": 2, "words": ["a", "b"],
    }  # fmt: skip


def test_every_wrong_value_is_named_at_once() -> None:
    wrong = {
        "nam": "a", "size": "3", "live": "yes", "until": "2026-12-01T00:00:00", "kind": "gren", "words": ["long", 1],
    }  # fmt: skip
    assert errors_of(wrong) == {
        "/nam": "unknown_field", "/name": "required", "/size": "wrong_type", "/live": "wrong_type",
        "/until": "wrong_type", "/kind": "unknown_value", "/words/0": "too_long", "/words/1": "wrong_type",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("tomorrow", "wrong_type", '"tomorrow" is no time; write it like 2026-12-01T00:00:00Z.'),
        (
            "2026-02-30T00:00:00Z",
            "wrong_type",
            '"2026-02-30T00:00:00Z" is no time; write it like 2026-12-01T00:00:00Z.',
        ),
        (
            "2026-12-01T24:00:00Z",
            "wrong_type",
            '"2026-12-01T24:00:00Z" is no time; write it like 2026-12-01T00:00:00Z.',
        ),
        ("2026-12-01T00:00:00+99:00", "wrong_type", "is no time; write it like"),
        ("", "wrong_type", '"" is no time'),
        ("2026-12-01", "wrong_type", "The time has no offset; write it like 2026-12-01T00:00:00Z."),
        ("9999-12-31T23:59:59-14:00", "out_of_range", "years 1 to 9999"),
        ("0001-01-01T00:00:00+14:00", "out_of_range", "years 1 to 9999"),
    ],
)
def test_a_wrong_time_is_told_in_the_same_words_everywhere(text: str, code: str, words: str) -> None:
    with pytest.raises(Problem) as in_body:
        json_body.body_of(request_of({"until": text}), Wanted, partial=True)
    parameters = Parameters(Request(APIRequestFactory().get("/", {"created_after": text})), takes=("created_after",))
    assert parameters.moment("created_after") is None
    for [error] in (in_body.value.errors, parameters.errors):
        assert error.code == code
        assert words in error.detail


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "too_short"),
        ("name", "  ", "too_short"),
        ("name", "abcdef", "too_long"),
        ("name", 1, "wrong_type"),
        ("name", None, "wrong_type"),
        ("name", "a\0b", "unknown_value"),
        ("name", "a\nb", "unknown_value"),
        ("name", "\ud800", "unknown_value"),
        ("name", [], "wrong_type"),
        ("size", True, "wrong_type"),
        ("size", 0, "out_of_range"),
        ("size", 10**40, "out_of_range"),
        ("size", 1.5, "wrong_type"),
        ("size", None, "wrong_type"),
        ("live", 1, "wrong_type"),
        ("live", None, "wrong_type"),
        ("until", 5, "wrong_type"),
        ("until", "tomorrow", "wrong_type"),
        ("until", "0001-01-01T00:00:00+23:00", "out_of_range"),
        ("kind", "Red", "unknown_value"),
        ("kind", {}, "wrong_type"),
        ("words", "a", "wrong_type"),
        ("words", ["a", "b", "c"], "too_long"),
        ("words", {"a": 1}, "wrong_type"),
    ],
)
def test_a_wrong_value_is_refused(field: str, value: object, code: str) -> None:
    assert errors_of({field: value}, partial=True) == {f"/{field}": code}


@pytest.mark.parametrize("value", [[], "x", 1, None, True])
def test_a_body_that_is_no_object_is_refused(value: object) -> None:
    assert errors_of(value) == {"": "wrong_type"}


def test_a_message_says_what_was_meant_and_repeats_nothing_long() -> None:
    with pytest.raises(Problem) as caught:
        json_body.body_of(request_of({"nme": 1, "name": "a" * 5000, "kind": "x" * 5000}), Wanted)
    details = {error.pointer: error.detail for error in caught.value.errors}
    assert details["/nme"] == '"nme" is not a field here; did you mean name?'
    assert len(caught.value.body()) < 1000


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 100_000, b"\xff", b'{"a": NaN}', b"1" * 10_000])
def test_what_is_no_json_is_one_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        SmallJSONParser().parse(io.BytesIO(data), "application/json", {})


def test_a_large_body_is_refused_before_it_is_read() -> None:
    with pytest.raises(BodyTooLarge) as caught:
        SmallJSONParser().parse(io.BytesIO(b'"' + b"a" * MAX_BYTES + b'"'), "application/json", {})
    problem = problem_of(caught.value)
    assert problem is not None
    assert (problem.status, problem.code) == (413, "too_large")


@pytest.mark.parametrize(
    "text", ["soon", "2026-02-30", "2026-W49-1", "20261130", "2026-11-3", "1999-12-31", "2201-01-01"]
)
def test_a_wrong_date_is_told_with_a_right_one(text: str) -> None:
    with pytest.raises(MomentInvalid, match=f'"{text}" is no date; write it like 2026-11-30.'):
        day_parse(text)
    assert day_parse("2200-12-31").year == 2200
