"""What services refuse, in Chinese with its values; the API says the same in English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation

from accounts.errors import AlreadyMember
from cavendish.above.ui.labels import label
from cavendish.above.ui.refusals import refusal_text
from cavendish.above.ui.sayings import SENTENCES, said
from cavendish.above.ui.words import actor_text
from cavendish.gemini.catalog import models

ROOT = Path(__file__).resolve().parents[2]
CODE = ("accounts", "billing", "generations", "platform/cavendish")
VALUE = re.compile(r"\{\w+\}")


def written() -> Iterator[str]:
    """Every text of the code, `{}` where a value stands in it."""
    for path in (path for folder in CODE for path in (ROOT / folder).rglob("*.py") if path.name != "sayings.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield VALUE.sub("{}", node.value)


def test_each_sentence_is_said_somewhere() -> None:
    known = set(written())
    assert [sentence for sentence in SENTENCES if VALUE.sub("{}", sentence) not in known] == []


def test_values_stand_in_the_chinese_sentence() -> None:
    refused = AlreadyMember("ada@example.com is already a member.")
    assert refusal_text(refused) == "ada@example.com is already a member."
    with translation.override("zh-hans"):
        assert refusal_text(refused) == "ada@example.com 已是成员。"
        assert said("The receiver answered 503.") == "接收方返回 503。"
        assert said("The host is a private address, which is not fetched.") == "主机是私有地址，不予抓取。"
        assert said("The tenant is suspended. Close it first, so that it can export its data.").count("已暂停") == 1
        assert said("Use at most 5 ranges.") == "最多 5 个范围。"
        assert said("A guard said so: {most} {no}.") == "A guard said so: {most} {no}."
        assert said("Use only: {most}.") == "只能使用：{most}。"
        assert said("") == ""


def test_the_kind_of_who_acted_is_a_word() -> None:
    assert [actor_text(text) for text in ("system", "operator ada@example.com")] == [
        "system",
        "operator ada@example.com",
    ]
    with translation.override("zh-hans"):
        assert [actor_text(text) for text in ("system", "operator_key ci", "Ada")] == ["系统", "运营密钥 ci", "Ada"]


def test_what_the_catalog_says_of_its_models_is_translated() -> None:
    texts = {text for model in models() for text in (model.description, *model.notes)}
    with translation.override("zh-hans"):
        assert [text for text in texts if label(text) == text] == []
