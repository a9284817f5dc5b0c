"""What is said of a batch's items before it is accepted: what is wrong, and what the others would cost."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.authentication.principal import principal_of
from accounts.models import Tenant
from generations.batches import checks
from generations.batches.checks import BatchCheck, batch_check
from generations.batches.source import line_spans
from tests.batches.helpers import feed
from tests.factories import FLASH, make_batch, make_key, make_tenant
from tests.generations.helpers import rows

pytestmark = pytest.mark.usefixtures("quiet")


def check(tenant: Tenant, folder: Path, *items: Any, samples: int = 0) -> BatchCheck:
    who = principal_of(make_key(tenant)[1])
    assert who is not None
    text = b"".join(item if isinstance(item, bytes) else json.dumps(item).encode() + b"\n" for item in items)
    return batch_check(who=who, text=text, spans=line_spans(text, pointer="/file"), spool=folder, samples=samples)


def item(prompt: Any = "a cat", **request: Any) -> dict[str, Any]:
    return {"request": {"model": FLASH, "input": prompt, **request}}


def test_the_most_is_what_the_items_hold(tmp_path: Path) -> None:
    tenant = make_tenant()
    sizes = [{"type": "image", "image_size": size} for size in ("512", "1K", "4K")]
    found = check(tenant, tmp_path, *(item(f"cat {size}", response_format=size) for size in sizes))
    assert (found.items, found.wrong, found.currency) == (3, 0, "USD")
    batch = make_batch(tenant, *(item(f"cat {size}", response_format=size)["request"] for size in sizes))
    feed()
    [held] = rows(
        "owner",
        """SELECT sum(h.amount) AS amount FROM billing_hold h JOIN generations_generation g ON g.id = h.generation_id
           WHERE g.batch_id = %s""",
        batch.id,
    )
    assert found.worst_case == held["amount"]
    assert Decimal(0) < found.expected < found.worst_case


def test_each_wrong_item_is_named_and_the_others_are_priced(tmp_path: Path) -> None:
    found = check(
        make_tenant(allowed_sizes=["512", "1K"]),
        tmp_path,
        item(),
        b"not json\n",
        {"request": 1},
        {"request": {"model": FLASH, "input": "x"}, "extra": 1},
        item(n=2),
        item(response_format={"type": "image", "image_size": "4K"}),
        item([{"type": "image", "data": "no base64", "mime_type": "image/png"}]),
    )
    assert (found.items, found.wrong) == (7, 6)
    assert [(problem.index, problem.pointer) for problem in found.problems] == [
        (1, ""),
        (2, "/request"),
        (3, "/extra"),
        (4, "/n"),
        (5, "/response_format/image_size"),
        (6, "/input/0/data"),
    ]
    assert found.expected > 0
    assert list(tmp_path.iterdir()) == []


def test_pictures_count_and_nothing_of_them_is_kept(tmp_path: Path) -> None:
    plain = check(make_tenant(), tmp_path, item("a cat"))
    with_picture = check(
        make_tenant(), tmp_path,
        item([{"type": "text", "text": "a cat"}, {"type": "image", "file_id": "file_1"}]),
        samples=1,
    )  # fmt: skip
    assert with_picture.expected > plain.expected
    assert (with_picture.samples[0].prompt, with_picture.samples[0].pictures) == ("a cat", 1)


def test_the_first_problems_are_named_and_all_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MOST_PROBLEMS", 3)
    found = check(make_tenant(), tmp_path, *[item(seed="x")] * 5)
    assert (len(found.problems), found.wrong) == (3, 5)
