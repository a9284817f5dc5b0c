"""Draws the sandbox's pictures: real PNG and JPEG of exact pixels, the same bytes for the same recipe.

Because a recipe always draws the same bytes, interactions store recipes and no pictures: a restart loses nothing, and a
padded picture of 24 MB is never in memory or on disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, PngImagePlugin

from cavendish.sandbox.credentials import sign
from cavendish.sandbox.lettering import write
from cavendish.sandbox.padding import pad

MARK = "Cavendish sandbox"
# Grey levels of the canvas: the gradient and the shapes stay below PANEL, letters blend from PANEL to white. The
# palette gives them their colours, so that one byte a pixel is drawn and compressed instead of three.
_GRADIENT = 200
_PANEL = 200
_WHITE = 255
_CACHE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Recipe:
    """What to draw. `seed` decides colours and shapes; `bytes` is the size to pad the file to, None for no padding."""

    text: str
    label: str
    seed: str
    width: int
    height: int
    mime_type: str
    bytes: int | None = None
    c2pa: bool = False

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()


@dataclass(frozen=True)
class Picture:
    """A file in parts; padding repeats one part many times."""

    parts: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))

    @property
    def weight(self) -> int:
        """Bytes in memory: a part that is repeated counts once."""
        return sum(len(part) for part in {id(part): part for part in self.parts}.values())

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.parts)


class Studio:
    """Draws in its own threads, so that the server stays responsive. Two at once bound the memory of 4K canvases."""

    def __init__(self, signed: Path, threads: int = 2) -> None:
        self._signed = signed
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="studio")
        self._drawn: OrderedDict[Recipe, Picture] = OrderedDict()
        self._drawing: dict[Recipe, asyncio.Future[Picture]] = {}
        self._weight = 0

    async def picture(self, recipe: Recipe) -> Picture:
        """Returns the picture of a recipe, from the cache or drawn."""
        if recipe in self._drawn:
            self._drawn.move_to_end(recipe)
            return self._drawn[recipe]
        drawing = self._drawing.get(recipe)
        if drawing is None:
            drawing = asyncio.get_running_loop().run_in_executor(self._pool, self._draw, recipe)
            self._drawing[recipe] = drawing
            drawing.add_done_callback(lambda done: self._keep(recipe, done))
        # Shielded: one of several requests that wait for a picture must not cancel it for the others when it ends.
        return await asyncio.shield(drawing)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _draw(self, recipe: Recipe) -> Picture:
        if not recipe.c2pa:
            return Picture(pad(draw(recipe), recipe.mime_type, recipe.bytes))
        # Signatures differ each time, so the first one is kept.
        path = self._signed / recipe.digest
        try:
            return Picture((path.read_bytes(),))
        except FileNotFoundError:
            data = sign(b"".join(pad(draw(recipe), recipe.mime_type, recipe.bytes)), recipe.mime_type)
            partial = path.with_name(f"{path.name}.part")
            partial.write_bytes(data)
            partial.replace(path)
            return Picture((data,))

    def _keep(self, recipe: Recipe, drawing: asyncio.Future[Picture]) -> None:
        self._drawing.pop(recipe, None)
        if drawing.cancelled() or drawing.exception():
            return
        self._drawn[recipe] = drawing.result()
        self._weight += drawing.result().weight
        while self._weight > _CACHE_BYTES:
            self._weight -= self._drawn.popitem(last=False)[1].weight


def draw(recipe: Recipe) -> bytes:
    """Returns a file of `mime_type` with exactly `width` × `height`. 1024² takes about 5 ms, 4096² about 80 ms."""
    canvas = _canvas(recipe)
    out = BytesIO()
    if recipe.mime_type == "image/jpeg":
        canvas.convert("RGB").save(out, "JPEG", quality=80, comment=MARK.encode())
    else:
        info = PngImagePlugin.PngInfo()
        info.add_text("Software", MARK)
        canvas.save(out, "PNG", compress_level=1, pnginfo=info)
    return out.getvalue()


def _canvas(recipe: Recipe) -> Image.Image:
    size = width, height = recipe.width, recipe.height
    noise = hashlib.sha256(recipe.seed.encode()).digest()
    darker = [level * (_GRADIENT - 1) // 255 for level in range(256)]
    column = Image.linear_gradient("L").resize((1, height)).point(darker)
    canvas = column.resize(size, Image.Resampling.NEAREST)
    pencil = ImageDraw.Draw(canvas)
    side = min(size)
    for index in range(4):
        x, y, radius, level = noise[8 + 4 * index : 12 + 4 * index]
        centre_x, centre_y, half = width * x // 255, height * y // 255, side * (40 + radius) // 1200
        box = (centre_x - half, centre_y - half, centre_x + half, centre_y + half)
        pencil.ellipse(box, fill=darker[level])
    write(pencil, size, recipe.text, f"{MARK} · {recipe.label}", panel=_PANEL, ink=_WHITE)
    canvas.putpalette(_palette(noise))
    return canvas


def _palette(noise: bytes) -> bytes:
    ends = list(zip(noise[0:3], noise[3:6], strict=True))
    colours = bytearray()
    for level in range(_GRADIENT):
        colours += bytes(top + (bottom - top) * level // (_GRADIENT - 1) for top, bottom in ends)
    for level in range(_PANEL, 256):
        grey = 24 + (level - _PANEL) * 231 // (_WHITE - _PANEL)
        colours += bytes((grey, grey, grey))
    return bytes(colours)
