"""`/g/<id>` in the language of whoever opens it. The link may go to anybody, so no person and no session decide it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from generations.errors import ErrorCode
from tests.generations.test_display_page import GROUNDING, attributes, link, make

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
ENGLISH_WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})+")
NAMES = {"Nano Banana", "London", "Cavendish"}


def chinese(url: str) -> tuple[Any, str]:
    response = Client().get(url, headers=CHINESE)
    return response, response.content.decode()


def english_of(html: str) -> set[str]:
    """Words in a row that are no Chinese: of the texts and of what is read aloud."""
    body = html[html.index("<body") :]
    spoken = [text for name in ("alt", "title", "aria-label") for text in re.findall(rf'\s{name}="([^"]*)"', body)]
    shown = re.findall(r">([^<]+)<", re.sub(r"<(pre|code|bdi)\b.*?</\1>", "", body, flags=re.DOTALL))
    return {found for text in (*shown, *spoken) for found in ENGLISH_WORDS.findall(unescape(text))} - NAMES


def test_the_page_of_a_picture_is_in_chinese() -> None:
    response, html = chinese(link(make(pictures=2, grounding=GROUNDING)))
    assert '<html lang="zh-hans">' in html
    assert '<h1 class="bar-title">Nano Banana 2 生成的 2 张图片</h1>' in html
    assert "第 1 张图片，共 2 张" in html
    assert "由 Nano Banana 2 生成（AI） · SynthID · 含内容凭证" in html
    assert re.search(r">\d{4}年\d+月\d+日 \d\d:\d\d UTC</time>", html)
    assert english_of(html) == set()
    assert response.headers["Content-Language"] == "zh-hans"
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in response.headers["Vary"].split(",")}


def test_a_language_that_was_chosen_in_this_browser_goes_first() -> None:
    url, client = link(make()), Client()
    client.cookies["language"] = "zh-hans"
    page = client.get(url, headers={"Accept-Language": "en"})
    assert '<html lang="zh-hans">' in page.content.decode()
    assert '<html lang="en">' in Client().get(url, headers={"Accept-Language": "tlh"}).content.decode()


@pytest.mark.parametrize("status", ["queued", "running", "canceled", "failed"])
def test_what_has_no_picture_says_so_in_chinese(status: str) -> None:
    for code in ErrorCode if status == "failed" else [""]:
        made = make(status=status, pictures=0, error={"code": str(code), "message": "x"} if code else None)
        html = chinese(link(made))[1]
        assert english_of(html.replace("Über 5 °C in 巴黎 &amp; &lt;London&gt;.", "")) == set(), code


def test_links_that_do_not_open_say_so_in_chinese() -> None:
    refused, html = chinese(link(make())[:-1])
    assert (refused.status_code, refused.headers["Content-Language"]) == (403, "zh-hans")
    assert "<h1>此链接无法打开。</h1>" in html
    assert english_of(html) == set()
    missing, html = chinese(link(UUID(int=7)))
    assert missing.status_code == 404
    assert english_of(html) == set()


def test_frames_of_suggestions_that_have_expired_say_so_in_chinese() -> None:
    html = chinese(link(make(grounding=GROUNDING)))[1]
    [address] = attributes(html, "iframe", "src")
    assert chinese(f"{address}x")[1] == "此链接已过期，请刷新页面。"
    assert chinese(address)[0].headers["Vary"]
