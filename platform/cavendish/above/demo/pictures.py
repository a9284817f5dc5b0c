"""The pictures: a few dozen, drawn as the sandbox draws, and stored anew for each output."""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from cavendish.above.demo.profiles import FLASH, LITE, OLD, PRO
from cavendish.above.demo.prompts import ATLAS, CHINESE, ENGLISH, GROUNDED, TALL, WIDE, Prompt
from cavendish.gemini.catalog import Resolution, get_model
from cavendish.sandbox.pictures import Recipe, draw
from cavendish.storage import objects

PNG, JPEG = "image/png", "image/jpeg"
ANY = (FLASH, LITE, PRO, OLD)


@dataclass(frozen=True)
class Picture:
    """A drawn picture, for what prompt, at what ratio and size; `models` are those that make such ones."""

    prompt: Prompt
    resolution: Resolution
    mime_type: str
    models: tuple[str, ...]
    data: bytes
    sha256: str


@dataclass(frozen=True)
class _Plan:
    prompt: Prompt
    ratio: str
    size: str
    models: tuple[str, ...] = ANY
    mime_type: str = JPEG


def _plans() -> list[_Plan]:
    ratios = ("1:1", "16:9", "4:5", "3:4", "9:16", "3:2", "4:3", "2:3")
    plans = [
        _Plan(prompt, ratios[place % len(ratios)], "1K", mime_type=PNG if place % 3 == 0 else JPEG)
        for place, prompt in enumerate((*ENGLISH, *CHINESE))
    ]
    plans += [_Plan(prompt, "16:9", "1K", (FLASH, PRO)) for prompt in GROUNDED]
    plans += [_Plan(prompt, "1:1", "512", (FLASH,), PNG) for prompt in ENGLISH[8:10]]
    plans += [_Plan(ENGLISH[place], ratio, "2K", (FLASH, PRO)) for place, ratio in ((1, "4:3"), (6, "16:9"))]
    plans.append(_Plan(ENGLISH[5], "3:2", "4K", (PRO,)))
    plans.append(_Plan(TALL, "1:8", "1K", (FLASH,)))
    plans.append(_Plan(WIDE, "21:9", "1K", (FLASH, PRO)))
    plans.append(_Plan(ATLAS, "16:9", "1K", (FLASH, PRO)))
    return plans


class Library:
    """The drawn pictures by who asks for them."""

    def __init__(self) -> None:
        with ThreadPoolExecutor(2) as pool:
            self.pictures = list(pool.map(_draw, _plans()))
        self.chinese = [picture for picture in self.pictures if picture.prompt in CHINESE]
        self.grounded = [picture for picture in self.pictures if picture.prompt in GROUNDED]
        self.special = {prompt.caption: self._of(prompt) for prompt in (TALL, WIDE, ATLAS)}

    def pick(self, language: str, model: str, rng: random.Random, *, grounded: bool = False) -> Picture:
        """Returns a picture that the model makes; a grounded one where it searches."""
        if grounded and model in (FLASH, PRO):
            return rng.choice(self.grounded)
        pool = self.chinese if language == "zh" else [
            picture for picture in self.pictures
            if picture not in self.chinese and picture not in self.grounded
            and picture.prompt not in (TALL, WIDE, ATLAS)
        ]  # fmt: skip
        return rng.choice([picture for picture in pool if model in picture.models])

    def _of(self, prompt: Prompt) -> Picture:
        return next(picture for picture in self.pictures if picture.prompt is prompt)


def _draw(plan: _Plan) -> Picture:
    resolution = get_model(plan.models[0]).resolution(plan.ratio, plan.size)
    data = draw(
        Recipe(
            text=plan.prompt.caption,
            label=f"{plan.ratio} {plan.size}",
            seed=plan.prompt.caption,
            width=resolution.width,
            height=resolution.height,
            mime_type=plan.mime_type,
        )
    )
    # The models' tables differ in a few pixels: a picture is of those that make just these.
    models = tuple(model for model in plan.models if _pixels(model, plan) == (resolution.width, resolution.height))
    return Picture(plan.prompt, resolution, plan.mime_type, models, data, hashlib.sha256(data).hexdigest())


def _pixels(model: str, plan: _Plan) -> tuple[int, int] | None:
    for row in get_model(model).resolutions:
        if (row.aspect_ratio, row.image_size) == (plan.ratio, plan.size):
            return row.width, row.height
    return None


def pictures_store(pictures: Iterable[tuple[str, bytes]], written: Callable[[str], object]) -> None:
    """Stores bytes under their keys, two at a time; `written` is told each key, so that a failure can be undone."""
    store = objects()
    spool = Path(settings.SPOOL_DIR)
    spool.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spool, prefix="demo-") as folder, ThreadPoolExecutor(4) as pool:

        def keep(numbered: tuple[int, tuple[str, bytes]]) -> None:
            number, (key, data) = numbered
            path = Path(folder) / str(number)
            path.write_bytes(data)
            store.keep(path, key)
            written(key)

        list(pool.map(keep, enumerate(pictures)))
