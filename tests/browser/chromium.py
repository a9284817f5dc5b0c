"""Debian's Chromium or its headless shell, driven by Playwright, and what is looked at on every page."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, sync_playwright

# Without the parts that no window needs a page takes a third less time to open. CHROMIUM names another one.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
WIDE, PHONE = (1440, 900), (390, 844)
MAX_PAGE_BYTES = 150_000
Theme = Literal["light", "dark"]
# axe names these as worth a look; a rule that a page breaks is an error whatever its impact.
# What passes is neither described nor sent, which takes longer than to find what does not. Nothing answers for axe in a
# frame: it would wait half a second for it.
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
    "iframes": False,
}
AXE_RUN = "options => axe.run(options).then(results => results.violations)"
# What htmx says when a page is left while it asks for something: a dialog's preview, the state of the platform.
LEFT = ("htmx:sendAbort", "htmx:afterRequest, ")
# What htmx asks for by itself has begun at a page's load event, or within two frames after it, when what comes into
# sight is known. Pictures count where they can be seen. What comes again and again, or as a stream, is not waited for.
# It waits by itself: Playwright's wait_for_function evaluates text at every turn, which our own
# Content-Security-Policy refuses.
SETTLED = """async () => {
    const frame = () => new Promise(requestAnimationFrame), until = performance.now() + 15_000;
    const isMissing = image => {
        const box = image.getBoundingClientRect();
        return !image.complete && box.width && box.bottom >= 0 && box.top <= innerHeight;
    };
    const busy = () => document.readyState !== 'complete'
        || document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')
        || Array.from(document.images).some(isMissing);
    await frame();
    do await frame(); while (busy() && performance.now() < until);
    return !busy();
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window, a sandbox (tests may run as root) and requests of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@dataclass
class Seen:
    """What a context's pages did that no page may do."""

    origin: str
    script: bool = True
    complaints: list[str] = field(default_factory=list)
    weight: int = 0
    """Bytes as they came over the wire, pictures left out, since the last `open`."""

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("request", lambda request: self._request(request.url))
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        expected = ("the server responded with a status of 4", *LEFT)
        if message.type in {"error", "warning"} and not any(text in message.text for text in expected):
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, url: str) -> None:
        if (
            not url.startswith(("data:", "blob:", "about:"))
            and f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" != self.origin
        ):
            self.complaints.append(f"another host: {url}")

    def _response(self, response: Response) -> None:
        if response.headers.get("content-type", "").startswith("image/"):
            return
        length = response.headers.get("content-length")
        self.weight += int(length) if length else 0


@contextmanager
def visit(
    browser: Browser,
    origin: str,
    *,
    size: tuple[int, int] = WIDE,
    theme: Theme = "light",
    language: str = "en-US",
    state: Any = None,
    script: bool = True,
) -> Iterator[tuple[BrowserContext, Page, Seen]]:
    """A context of its own, its page, and what it did; whatever it may not do fails at the end."""
    context = browser.new_context(
        base_url=origin, viewport={"width": size[0], "height": size[1]}, color_scheme=theme, locale=language,
        timezone_id="Europe/Berlin", storage_state=state, java_script_enabled=script, reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(15_000)
    seen = Seen(origin, script)
    page = context.new_page()
    seen.watch(page)
    try:
        yield context, page, seen
        assert not seen.complaints, seen.complaints
    finally:
        context.close()


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/account/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/account/login" not in url)


def signed_in(browser: Browser, origin: str, login: dict[str, str], *, test: bool = False) -> Any:
    """The cookies of a new session of somebody; with `test` it is in the console's test mode."""
    with visit(browser, origin) as (context, page, _seen):
        sign_in(page, login["email"], login["password"])
        if test:
            page.goto("/console/playground/")
            page.get_by_role("button", name="Test, free").click()
            page.wait_for_selector(".test-band")
        return context.storage_state()


def open_page(page: Page, seen: Seen, path: str, *, status: int = 200) -> None:
    """Opens a page and waits until what it fetches by itself has come."""
    seen.weight = 0
    response = page.goto(path)
    assert response is not None
    assert response.status == status, (path, response.status)
    settle(page, seen)


def settle(page: Page, seen: Seen) -> None:
    """Waits until what a page fetches by itself has come; without a script that is nothing after its load."""
    if seen.script:
        assert page.evaluate(SETTLED), f"{page.url} is not done with what it fetches by itself"


@cache
def axe_script() -> str:
    return str(Axe().axe_script)


def check_page(page: Page, seen: Seen, *, light: bool = True) -> None:
    """Asserts what holds on every page: one heading and main, a title, its weight, nothing that axe finds, no overflow.

    `light` leaves the weight out where a page shows pictures inline.
    """
    path = urlsplit(page.url).path
    assert page.locator("h1:visible").count() == 1, path
    assert page.locator("main").count() == 1, path
    assert len(page.title()) > len("Cavendish"), path
    sideways = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert sideways <= 0, f"{path} is {sideways} px wider than the window"
    if light:
        assert seen.weight <= MAX_PAGE_BYTES, f"{path} weighs {seen.weight} bytes"
    page.evaluate(axe_script())
    found = page.evaluate(AXE_RUN, AXE_OPTIONS)
    assert not found, f"{path}: " + json.dumps(
        [{"rule": item["id"], "nodes": [node["html"][:160] for node in item["nodes"][:3]]} for item in found], indent=1
    )
