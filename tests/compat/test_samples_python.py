"""Every Python sample of the guide, run by the official SDK against a running platform: the newest, and the oldest that
has `output_image`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.api.accounts import Account
from tests.compat.guide import Expected, as_base64, numbers, pictures_in, sample, with_paths
from tests.compat.node import OLDEST, cached
from tests.services import Running

AT_ONCE = 4
IN_TURN = tuple(f"butterfly_lifecycle_{number}.png" for number in (1, 2, 3))
EXPECTED: Mapping[int, Expected] = {
    1: Expected(files=("generated_image.png",)),
    4: Expected("4:3", files=("generated_image.png",)),
    7: Expected(files=("photosynthesis.png",)),
    10: Expected("16:9", "2K", ("photosynthesis_spanish.png",), format="JPEG"),
    13: Expected("5:4", "2K", ("office.png",)),
    16: Expected("16:9", files=("weather.png",), format="JPEG"),
    19: Expected(),
    22: Expected("16:9", files=("video_poster.png",)),
    25: Expected(files=("butterfly.png",), format="JPEG"),
    28: Expected(size="512", files=("shown.png",)),
    30: Expected(model="gemini-3-pro-image", files=IN_TURN),
    32: Expected(files=("shown.png",)),
    35: Expected("16:9", files=("coral_reef.png",), format="JPEG"),
    38: Expected(files=("red_panda_sticker.png",)),
    41: Expected(files=("logo_example.jpg",)),
    44: Expected(files=("product_mockup.png",)),
    47: Expected(files=("minimalist_design.png",)),
    50: Expected("3:4", files=("comic_panel.jpg",)),
    53: Expected("16:9", files=("football-score.jpg",)),
    56: Expected("3:2", files=("cat_with_hat.png",)),
    59: Expected("16:9", files=("living_room_edited.png",)),
    62: Expected("21:9", files=("city_style_transfer.png",)),
    65: Expected("9:16", files=("fashion_ecommerce_shot.png",)),
    68: Expected("5:4", files=("woman_with_logo.png",)),
    71: Expected("3:4", files=("car_photo.png",)),
    75: Expected(),
    78: Expected("16:9", "2K"),
}
BROKEN = {74: "TypeError: unhashable type: 'dict'"}
"""Samples that no platform can run. 74 writes its input as a set of dicts, which Python does not have."""

CONTINUED = {10: 7, 28: 32}
"""Samples that go on from another: 10 continues 7's interaction, 28 reads the thoughts of one that thinks."""
NAMES = {13: {"image_bytes": as_base64((640, 640))}, 78: {"prompt": "A starry night"}}
"""What the guide leaves undefined; samples that make no client get one, and the modules they use."""


def oldest_sdk() -> str:
    """A folder with google-genai 2.3.0 and nothing that it needs: that is the newest one's."""
    wanted = OLDEST / "requirements.txt"
    target = cached(f"google-genai-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}")
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
            fresh = Path(folder) / "site"
            subprocess.run([*command, "--target", str(fresh), "-r", str(wanted)], check=True, timeout=120)
            if not target.exists():
                fresh.rename(target)
    return str(target)


@pytest.fixture(scope="module", params=["newest", "2.3.0"])
def ran(
    request: pytest.FixtureRequest,
    platform: Running,
    sampler: Account,
    inputs: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[int, tuple[Path, str]]:
    """Folder and error of every sample, run a few processes at a time."""
    root = tmp_path_factory.mktemp("python")
    path = [oldest_sdk()] if request.param == "2.3.0" else []
    jobs = []
    for number in numbers(".py.txt"):
        chain = [CONTINUED[number], number] if number in CONTINUED else [number]
        sources = [with_paths(sample(part).read_text(), inputs) for part in chain]
        folder = root / f"{number:02d}"
        folder.mkdir()
        whole = "genai.Client()" in sources[0] and number not in {28}
        jobs.append({"folder": str(folder), "sources": sources, "whole": whole, "names": NAMES.get(number, {})})
    environment = {
        **os.environ,
        "GOOGLE_GEMINI_BASE_URL": platform.url,
        "GEMINI_API_KEY": sampler.secret,
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": os.pathsep.join(path),
    }

    def run(share: int) -> dict[str, str]:
        file = root / f"jobs{share}.json"
        file.write_text(json.dumps(jobs[share::AT_ONCE]))
        command = [sys.executable, str(Path(__file__).parent / "run_samples.py"), str(file)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
        results: dict[str, str] = json.loads(done.stdout.rstrip().rpartition("\n")[2])
        return results

    errors: dict[str, Any] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for results in pool.map(run, range(AT_ONCE)):
            errors |= results
    return {int(Path(folder).name): (Path(folder), error) for folder, error in errors.items()}


def test_there_are_28() -> None:
    assert numbers(".py.txt") == sorted({*EXPECTED, *BROKEN})
    assert len(numbers(".py.txt")) == 28


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_python_sample(ran: dict[int, tuple[Path, str]], number: int) -> None:
    folder, error = ran[number]
    assert error == ""
    found = pictures_in(folder)
    if number in CONTINUED and number != 28:
        found = {name: value for name, value in found.items() if name not in EXPECTED[CONTINUED[number]].files}
    assert found == EXPECTED[number].pictures


@pytest.mark.parametrize("number", sorted(BROKEN))
def test_python_sample_that_is_broken_in_itself(ran: dict[int, tuple[Path, str]], number: int) -> None:
    folder, error = ran[number]
    assert error == BROKEN[number]
    assert pictures_in(folder) == {}
