"""What we write ourselves and quote others in can be stored, whatever it quotes."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from cavendish.db.storable import storable, storable_json

PIECES = ["a", '"', "\\", "\\u0000", "\0", "\ud83d", "\udc00", "\U0001f34c", "ä", "\u2028", "u0000", "/"]


def tree(chance: random.Random, depth: int = 3) -> Any:
    kind = chance.randrange(5 if depth else 3)
    if kind == 3:
        return [tree(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 4:
        return {text(chance): tree(chance, depth - 1) for _ in range(chance.randrange(4))}
    return [None, chance.randrange(10), text(chance)][kind]


def text(chance: random.Random) -> str:
    return "".join(chance.choices(PIECES, k=chance.randrange(6)))


@pytest.mark.parametrize("value", [*PIECES, {"\0": ["\ud83d"]}, {"a": {"b": "ä"}}])
def test_the_text_is_that_of_what_can_be_stored(value: Any) -> None:
    assert json.loads(storable_json(value)) == storable(value)


def test_whatever_is_quoted() -> None:
    chance = random.Random(7)
    for _ in range(2000):
        value = tree(chance)
        assert json.loads(storable_json(value)) == storable(value)
