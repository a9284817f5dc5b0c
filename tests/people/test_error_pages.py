"""What somebody sees when something is wrong: in their language, with a way on, and without what failed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from cavendish.http.handlers import handler400, handler403, handler404, handler500
from cavendish.http.problems import Problem, unavailable
from cavendish.telemetry.request_ids import request_entered, request_of
from tests.people.visitors import Visitor, person, shown

CHINESE = "zh-CN,zh;q=0.9"


@pytest.mark.parametrize(
    ("handler", "status", "english"),
    [(handler400, 400, "Bad request"), (handler403, 403, "Access denied"), (handler404, 404, "Page not found")],
)
def test_each_error_has_a_page_in_both_languages(handler: Any, status: int, english: str) -> None:
    for language, accepted in (("en", "en"), ("zh-hans", CHINESE)):
        request = RequestFactory(headers={"Accept-Language": accepted, "Accept": "text/html"}).get("/nothing")
        page = handler(request, Exception())
        assert page.status_code == status
        html = page.content.decode()
        assert f'<html lang="{language}">' in html
        assert "Accept-Language" in page.headers["Vary"]
        assert 'href="/console/"' in html
        with translation.override(language):
            assert translation.gettext(english) in html


def test_an_error_of_ours_tells_the_number_that_the_log_has() -> None:
    page = handler500(RequestFactory(headers={"Accept": "text/html"}).get("/console/"))
    assert page.status_code == 500
    assert "Something went wrong" in page.content.decode()
    with request_entered(request_of([(b"x-request-id", b"req_seen_in_the_log")])):
        page = handler500(RequestFactory(headers={"Accept": "text/html"}).get("/console/"))
    assert "req_seen_in_the_log" in page.content.decode()


@pytest.mark.parametrize(
    ("language", "heading", "when"),
    [("en", "Unavailable for a moment", "Try again in 10 seconds."), (CHINESE, "暂时不可用", "请在 10 秒后重试。")],
)
def test_an_outage_says_when_to_try_again(language: str, heading: str, when: str) -> None:
    headers = {"Accept": "text/html", "Accept-Language": language}
    try:
        raise unavailable(retry_after=10)
    except Problem:
        read, sent = (
            handler500(getattr(RequestFactory(headers=headers), method)("/console/jobs/?status=failed"))
            for method in ("get", "post")
        )
    for page in (read, sent):
        assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
        html = page.content.decode()
        assert f"<h1>{heading}</h1>" in html
        assert when in html
        assert translation.gettext("Something went wrong") not in html
    assert 'href="/console/jobs/?status=failed"' in read.content.decode()
    assert 'href="/console/"' in sent.content.decode()


def test_an_operator_is_led_back_to_the_admin() -> None:
    grace = person(operator=True)
    grace.sign_in()
    assert 'href="/admin/"' in shown(grace.get("/admin/nothing/"))
    assert 'href="/console/"' in shown(Visitor().get("/nothing"))


def test_too_many_attempts_have_a_page() -> None:
    email = person().email
    for _attempt in range(4):
        page = Visitor(email).post("/account/password/reset/", email=email, headers={"Accept-Language": CHINESE})
    assert page.status_code == 429
    assert '<html lang="zh-hans">' in page.content.decode()


def test_a_program_gets_json_in_english() -> None:
    answer = Client().get("/nothing", headers={"Accept": "application/json", "Accept-Language": CHINESE})
    assert answer.status_code == 404
    assert answer.json()["code"]
