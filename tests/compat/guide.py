"""The code samples of Google's guide to image generation, and what surrounds them when they run.

They are kept in `samples/` as the guide has them (number, line in the guide, language). Changed are only the folders of
the pictures they read, the host in curl, and placeholders; names that a sample takes from the text around it are given
in `NAMES` of each language's test.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cavendish.gemini.catalog import get_model

SAMPLES = Path(__file__).parent / "samples"
FLASH = "gemini-3.1-flash-image"

INPUTS: Mapping[str, tuple[int, int]] = {
    "cat_image.png": (640, 480),
    "your/man_in_white_glasses.jpg": (480, 640),
    "your/cat_photo.png": (600, 400),
    "your/living_room.png": (1600, 900),
    "your/city.png": (1260, 540),
    "your/dress.png": (400, 600),
    "your/model.png": (540, 960),
    "your/woman.png": (512, 512),
    "your/logo.png": (500, 400),
    "your/car_sketch.png": (900, 1200),
}
"""The pictures that samples read, in pixels: without a ratio in the request, the answer has that of the last one."""


@dataclass(frozen=True)
class Expected:
    """What a sample makes: pictures by the name it saves them under ("shown.png" for what it opens in a viewer)."""

    ratio: str = "1:1"
    size: str = "1K"
    files: tuple[str, ...] = ()
    model: str = FLASH
    format: str = "PNG"

    @property
    def pixels(self) -> tuple[int, int]:
        found = get_model(self.model).resolution(self.ratio, self.size)
        return found.width, found.height

    @property
    def pictures(self) -> dict[str, tuple[tuple[int, int], str]]:
        return dict.fromkeys(self.files, (self.pixels, self.format))


def sample(number: int) -> Path:
    (found,) = SAMPLES.glob(f"{number:02d}_*")
    return found


def numbers(suffix: str) -> list[int]:
    return sorted(int(path.name[:2]) for path in SAMPLES.glob(f"*{suffix}"))


def picture(size: tuple[int, int], format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (40, 90, 160)).save(file, format)
    return file.getvalue()


def as_base64(size: tuple[int, int] = (64, 64), format: str = "PNG") -> str:
    return base64.b64encode(picture(size, format)).decode()


def make_inputs(folder: Path) -> Path:
    for name, size in INPUTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(size, "JPEG" if name.endswith(".jpg") else "PNG"))
    return folder


def with_paths(source: str, inputs: Path) -> str:
    return re.sub(r"/?path/to/", f"{inputs}/", source)


def pictures_in(folder: Path) -> dict[str, tuple[tuple[int, int], str]]:
    """Pixels and format of every picture that was saved in a folder."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.suffix in {".png", ".jpg"}:
            with Image.open(path) as opened:
                opened.load()
                found[path.name] = (opened.size, opened.format or "")
    return found
