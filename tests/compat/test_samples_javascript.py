"""Every JavaScript sample of the guide, run by the machine's Node and the official SDK against a running platform: the
newest, and the oldest that has `output_image`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.accounts import Account
from tests.compat.guide import Expected, as_base64, numbers, pictures_in, sample, with_paths
from tests.compat.node import OLDEST, PACKAGE, installed
from tests.services import Running

AT_ONCE = 4
IN_TURN = tuple(f"butterfly_lifecycle_{number}.png" for number in (1, 2, 3))
EXPECTED: Mapping[int, Expected] = {
    2: Expected(files=("gemini-native-image.png",)),
    5: Expected("4:3", files=("gemini-native-image.png",)),
    8: Expected(files=("photosynthesis.png",)),
    11: Expected("16:9", "2K", ("photosynthesis_spanish.png",)),
    14: Expected("5:4", "2K", ("office.png",)),
    17: Expected("16:9", "2K", ("weather.png",)),
    20: Expected(),
    23: Expected("16:9", files=("video_poster.png",)),
    26: Expected(files=("butterfly.png",)),
    29: Expected(size="512", files=("thought_image.png",)),
    31: Expected(model="gemini-3-pro-image", files=IN_TURN),
    33: Expected(files=("image.png",)),
    36: Expected("16:9", files=("coral_reef.png",), format="JPEG"),
    39: Expected(files=("red_panda_sticker.png",)),
    42: Expected(files=("logo_example.jpg",)),
    45: Expected(files=("product_mockup.png",)),
    48: Expected(files=("minimalist_design.png",)),
    51: Expected("3:4", files=("comic_panel.jpg",)),
    54: Expected("16:9", "2K", ("football-score.jpg",)),
    57: Expected("3:2", files=("cat_with_hat.png",)),
    60: Expected("16:9", files=("living_room_edited.png",)),
    63: Expected("21:9", files=("city_style_transfer.png",)),
    66: Expected("9:16", files=("fashion_ecommerce_shot.png",)),
    69: Expected("5:4", files=("woman_with_logo.png",)),
    72: Expected("3:4", files=("car_photo.png",)),
    76: Expected(),
    79: Expected("16:9", "2K"),
}
SETUP = (
    'import { GoogleGenAI } from "@google/genai";\nimport * as fs from "node:fs";\nconst ai = new GoogleGenAI({});\n'
)
ASK = 'const interaction = await ai.interactions.create({{model: "gemini-3.1-flash-image", input: "A cat"{more}}});\n'
NAMES: Mapping[int, str] = {
    11: SETUP + ASK.format(more=""),
    14: "".join(f'const base64ImageFile{index} = "{as_base64()}";\n' for index in range(1, 6)),
    29: SETUP + ASK.format(more=', generation_config: {thinking_level: "high"}'),
    31: SETUP,
    76: SETUP,
    79: SETUP + 'const prompt = "A starry night";\n',
}
"""What the guide leaves undefined in a sample, put in front of it."""


@pytest.fixture(scope="module", params=["newest", "2.3.0"])
def ran(
    request: pytest.FixtureRequest,
    platform: Running,
    sampler: Account,
    inputs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[int, tuple[Path, str]]:
    """Folder and error of every sample."""
    root = tmp_path_factory.mktemp("javascript")
    # Node looks for packages in the folders above a module.
    (root / "node_modules").symlink_to(installed(PACKAGE if request.param == "newest" else OLDEST))
    environment = {**os.environ, "GOOGLE_GEMINI_BASE_URL": platform.url, "GEMINI_API_KEY": sampler.secret}

    def run(number: int) -> tuple[int, tuple[Path, str]]:
        folder = root / f"{number:02d}"
        folder.mkdir()
        source = NAMES.get(number, "") + with_paths(sample(number).read_text(), inputs)
        (folder / "sample.mjs").write_text(source)
        command = ["node", "sample.mjs"]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=90, check=False
        )
        return number, (folder, "" if done.returncode == 0 else done.stderr)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(pool.map(run, numbers(".mjs")))


def test_there_are_27() -> None:
    assert numbers(".mjs") == sorted(EXPECTED)
    assert len(numbers(".mjs")) == 27


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_javascript_sample(ran: dict[int, tuple[Path, str]], number: int) -> None:
    folder, error = ran[number]
    assert error == ""
    assert pictures_in(folder) == EXPECTED[number].pictures
