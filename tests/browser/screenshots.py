"""Pictures of the main pages for README and docs: `make screenshots` writes them into docs/images.

It starts a platform with three months of life, or uses the one whose data directory PLATFORM_DIR names.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.chromium import PHONE, WIDE, Theme, chromium, open_page, signed_in, visit
from tests.services import Running

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"
JOB = "/admin/jobs/?tenant=acme&status=failed&code=upstream_unavailable"
# name, address, size, theme, whole page
OPERATOR: tuple[tuple[str, str, tuple[int, int], Theme, bool], ...] = (
    ("admin-home", "/admin/", WIDE, "light", True),
    ("admin-home-dark", "/admin/", WIDE, "dark", False),
    ("admin-home-phone", "/admin/", PHONE, "light", False),
    ("admin-tenant", "/admin/tenants/acme/", WIDE, "light", True),
    ("admin-job", JOB, WIDE, "light", True),
)
CONSOLE: tuple[tuple[str, str, tuple[int, int], Theme, bool], ...] = (
    ("console-gallery", "/console/gallery/", WIDE, "light", False),
    ("console-usage", "/console/usage/", WIDE, "light", True),
    ("console-usage-dark", "/console/usage/", WIDE, "dark", False),
    ("console-billing", "/console/billing/", WIDE, "light", False),
    ("console-jobs", "/console/jobs/", WIDE, "light", False),
    ("console-settings", "/console/settings/", WIDE, "light", False),
)
PROMPT = "A travel poster of the Cape Hatteras lighthouse with its true height in the sky"


@contextmanager
def platform() -> Iterator[tuple[str, Path]]:
    """A seeded platform: its address and data directory."""
    if given := os.environ.get("PLATFORM_DIR"):
        yield json.loads((Path(given) / "ready.json").read_text())["base_url"], Path(given)
        return
    running = Running({"WORKERS": "1", "DEMO": "1"}, timeout=300)
    try:
        yield running.url, running.data_dir
    finally:
        running.remove()


def take(page: Page, name: str, *, whole: bool) -> None:
    path = IMAGES / f"{name}.png"
    picture = Image.open(BytesIO(page.screenshot(full_page=whole)))
    # Two hundred colours are enough for pages without photographs, at a third of the bytes.
    picture.convert("RGB").quantize(200, dither=Image.Dither.NONE).save(path, optimize=True)
    sys.stdout.write(f"{path.relative_to(IMAGES.parents[1])}\n")


def main() -> None:
    with platform() as (url, data_dir), chromium() as browser:
        logins = json.loads((data_dir / "demo.json").read_text())
        operator, owner = signed_in(browser, url, logins["operator"]), signed_in(browser, url, logins["tenants"][0])
        for state, pictures in ((operator, OPERATOR), (owner, CONSOLE)):
            for name, path, size, theme, whole in pictures:
                with visit(browser, url, size=size, theme=theme, state=state) as (_context, page, seen):
                    open_page(page, seen, path)
                    if path == JOB:
                        open_page(page, seen, str(page.locator("tbody th a").first.get_attribute("href")))
                    take(page, name, whole=whole)
        with visit(browser, url, state=operator) as (_context, page, seen):
            open_page(page, seen, "/admin/tenants/northwind/")
            page.get_by_role("button", name="Top up").click()
            dialog = page.get_by_role("dialog")
            dialog.get_by_label("Amount").fill("2,000.00")
            dialog.get_by_label("Reference").fill("Wire 2026-11-28/0093")
            dialog.get_by_label("Reason").fill("Agreed by phone")
            page.wait_for_timeout(800)
            take(page, "admin-top-up", whole=False)
        with visit(browser, url, state=owner) as (_context, page, seen):
            open_page(page, seen, "/console/playground/")
            page.get_by_label("Prompt", exact=True).fill(PROMPT)
            page.get_by_label("Google Search").check()
            page.get_by_role("button", name="Generate").click()
            expect(page.get_by_role("button", name="Download").first).to_be_visible()
            page.locator("iframe").scroll_into_view_if_needed()
            page.wait_for_timeout(1500)  # what Google suggests comes into a frame of its own
            page.evaluate("scrollTo(0, 0)")
            take(page, "console-playground", whole=True)
            result = page.url
        with visit(browser, url, size=PHONE, theme="dark", state=owner) as (_context, page, seen):
            open_page(page, seen, result)
            take(page, "console-phone", whole=False)


if __name__ == "__main__":
    main()
