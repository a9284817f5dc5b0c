"""First calls with a new key: which are offered. That they run is tried with the curl one, in the browser's test."""

from __future__ import annotations

from cavendish.above.ui.first_call import first_calls

BASE, SECRET = "https://images.example", "cvd_live_secret"


def test_a_key_that_generates_gets_four_programs_with_nothing_to_fill_in() -> None:
    calls = first_calls(base_url=BASE, secret=SECRET, scopes=["generate", "read"])
    assert [call.name for call in calls] == ["curl", "Python", "JavaScript", "OpenAI"]
    for call in calls:
        assert SECRET in call.code
        assert BASE in call.code
        assert "gemini-3.1-flash-image" in call.code
        for gap in ("KEY", "BASE", "MODEL"):
            assert gap not in call.code, call.name


def test_a_bounded_key_gets_what_it_may() -> None:
    (curl, *_others) = first_calls(base_url=BASE, secret=SECRET, scopes=["generate"], models=["gemini-3-pro-image"])
    assert "gemini-3-pro-image" in curl.code
    (reads,) = first_calls(base_url=BASE, secret=SECRET, scopes=["read", "billing"])
    assert f"{BASE}/api/v1/models" in reads.code
    assert first_calls(base_url=BASE, secret=SECRET, scopes=["billing"]) == []
