"""The pages keep up with the code: every setting, problem and error is described, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generations.errors import ErrorCode

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md")])
PACKAGES = ("platform/cavendish", "accounts", "billing", "generations")
# The upstream's client and the sandbox are used alone, too; the compatible API answers in Google's words.
OTHERS = ("cavendish/gemini/", "cavendish/sandbox/", "generations/compat/")

SETTING = re.compile(
    r"(?:CONFIG|config|self)\.(?:get|number|flag|words|database|choice|day)\(\s*\"([A-Z][A-Z_]+)\""
    r"|environ(?:\.get\(|\.setdefault\(|\[)\s*\"([A-Z][A-Z_]+)\""
    r"|\b_number\(\"([A-Z][A-Z_]+)\""
)
PROBLEM = re.compile(
    r"Problem\(\s*\d{3},\s*\"([a-z_]+)\""
    r"|\b(?:conflict|bad_request|too_many_requests)\(\s*\"([a-z_]+)\""
    r"|drf\.\w+: \"([a-z_]+)\""
)


def sources() -> dict[str, str]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def found(pattern: re.Pattern[str], *, without: tuple[str, ...] = ()) -> set[str]:
    texts = (text for name, text in sources().items() if not any(part in name for part in without))
    return {name for text in texts for match in pattern.findall(text) for name in match if name}


def documented(page: str) -> str:
    return (ROOT / page).read_text()


def test_every_setting_is_on_the_configuration_page() -> None:
    settings = found(SETTING)

    assert {"GEMINI_API_KEYS", "PORT", "WORKER_THREADS", "CAVENDISH_DATA_DIR", "SANDBOX_STATE_DIR"} <= settings
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", documented("docs/configuration.md"), re.MULTILINE))
    assert settings - described == set()


def test_the_configuration_page_has_no_setting_that_is_gone() -> None:
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", documented("docs/configuration.md"), re.MULTILINE))
    of_others = {"FORWARDED_ALLOW_IPS"}  # uvicorn's

    read = "\n".join(sources().values())
    assert {name for name in described - of_others if f'"{name}"' not in read} == set()


def test_every_problem_and_every_error_is_on_the_api_page() -> None:
    problems = found(PROBLEM, without=OTHERS) | {"tenant_suspended", "tenant_closing"}
    errors = {error.value for error in ErrorCode}

    assert {"queue_full", "not_found", "malformed_json", "authentication_failed"} <= problems
    described = set(re.findall(r"^\| `([a-z_]+)` \|", documented("docs/api.md"), re.MULTILINE))
    assert (problems | errors) - described == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text):
        link, _, anchor = (target[0] or target[1]).partition("#")
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path = (page.parent / link).resolve() if link else page
        assert path.exists(), link
        if anchor:
            assert anchor in anchors(path), f"{link}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Headings as GitHub and GitLab make anchors of them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
