"""One seeded platform and one browser for all tests of pages.

They end with the folder: while Playwright lives its event loop runs in this thread, where Django then refuses to work.
Without Chromium the tests are left out, and say so; where CI is set they fail, so that nobody believes they ran.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import CHROMIUM, chromium, signed_in
from tests.services import Running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("CI"):
            pytest.fail("There is no chromium: apt-get install chromium.")
        pytest.skip("There is no chromium on this machine: pages were not tried in a browser.")
    with chromium() as browser:
        yield browser


@dataclass(frozen=True)
class Living:
    """A seeded platform: where it is, and its data directory."""

    url: str
    data_dir: Path


@pytest.fixture(scope="package")
def living(browser: Browser) -> Iterator[Living]:
    """A platform with three months of life. It asks for the browser first: without one it need not start.

    PLATFORM_DIR names the data directory of one that runs already, for whoever works at pages.
    """
    if running_dir := os.environ.get("PLATFORM_DIR"):
        ready = json.loads((Path(running_dir) / "ready.json").read_text())
        yield Living(ready["base_url"], Path(running_dir))
        return
    running = Running({"WORKERS": "1", "DEMO": "1", "SIGNUP": "open"}, timeout=300)
    yield Living(running.url, running.data_dir)
    running.remove()


@pytest.fixture(scope="package")
def demo(living: Living) -> dict[str, Any]:
    """Logins and keys of the demo."""
    logins: dict[str, Any] = json.loads((living.data_dir / "demo.json").read_text())
    return logins


@pytest.fixture(scope="package")
def operator_state(living: Living, browser: Browser, demo: dict[str, Any]) -> Any:
    """The cookies of an operator who is signed in."""
    return signed_in(browser, living.url, demo["operator"])


@pytest.fixture(scope="module")
def owner_state(living: Living, browser: Browser, demo: dict[str, Any]) -> Any:
    """The cookies of acme's owner, in live mode: a session of the module's own."""
    return signed_in(browser, living.url, demo["tenants"][0])
