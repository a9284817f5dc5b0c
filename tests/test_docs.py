"""The pages keep up with the code: settings, refusals, addresses, examples; and every link leads somewhere."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.urls import Resolver404, resolve

from cavendish.gemini.catalog import models
from cavendish.http.problems import Refusal
from generations.errors import ErrorCode

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/*.md")])
API_PAGES = sorted(ROOT.glob("docs/api/*.md"))
ROLES = ("object", "character", "style")
PACKAGES = ("platform/cavendish", "accounts", "billing", "generations")
# The upstream's client and the sandbox are used alone, too; the compatible API answers in Google's words.
OTHER_DIALECTS = ("cavendish/gemini/", "cavendish/sandbox/", "generations/compat/")

SETTING = re.compile(
    r"(?:CONFIG|config|self)\.(?:get|number|flag|words|database|choice|day|time_of_day)\(\s*\"([A-Z][A-Z_]+)\""
    r"|environ(?:\.get\(|\.setdefault\(|\[)\s*\"([A-Z][A-Z_]+)\""
)
PROBLEM = re.compile(
    r"Problem\(\s*\d{3},\s*\"([a-z_]+)\""
    r"|\b(?:conflict|bad_request|too_many_requests|ChangeRefused)\(\s*\"([a-z_]+)\""
    r"|drf\.\w+: \"([a-z_]+)\""
    r"|forbidden\([^\n]*code=\"([a-z_]+)\""
)
WRONG_VALUE = re.compile(
    r"(?:FieldError|invalid_value|\.wrong|AmountInvalid)\(\s*(?:[^,()]*(?:\([^()]*\))?[^,()]*,\s*)?\"([a-z_]+)\""
    r"|ValidationError\([^\n]*code=\"([a-z_]+)\""
)


def sources() -> dict[str, str]:
    paths = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {str(path.relative_to(ROOT)): path.read_text() for path in paths}


def names_in_sources(pattern: re.Pattern[str], *, without: tuple[str, ...] = ()) -> set[str]:
    texts = (text for name, text in sources().items() if not any(part in name for part in without))
    return {name for text in texts for match in pattern.findall(text) for name in match if name}


def documented(page: str) -> str:
    return (ROOT / page).read_text()


def documented_settings() -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", documented("docs/configuration.md"), re.MULTILINE))


def documented_codes() -> dict[str, set[str]]:
    """Each code in the first column of the errors page, with what stands beside it in the second."""
    codes: dict[str, set[str]] = {}
    for first, second in re.findall(
        r"^\|((?: `[a-z_]+`,?)+) \| ([^|]*) \|", documented("docs/api/errors.md"), re.MULTILINE
    ):
        for code in re.findall(r"`([a-z_]+)`", first):
            codes.setdefault(code, set()).add(second)
    return codes


def refusals() -> Iterator[type[Refusal]]:
    for app in ("accounts", "billing", "generations"):
        import_module(f"{app}.errors")
    pending = [Refusal]
    while pending:
        subclasses = pending.pop().__subclasses__()
        pending += subclasses
        yield from subclasses


def test_every_setting_is_on_the_configuration_page() -> None:
    settings = names_in_sources(SETTING)

    assert {"GEMINI_API_KEYS", "PORT", "WORKER_THREADS", "CAVENDISH_DATA_DIR", "SANDBOX_STATE_DIR"} <= settings
    assert settings - documented_settings() == set()


def test_the_configuration_page_has_no_setting_that_is_gone() -> None:
    text = "\n".join(text for name, text in sources().items() if "/boot/declared/" not in name)
    assert {name for name in documented_settings() if f'"{name}"' not in text} == set()


def test_every_problem_and_every_error_is_on_the_errors_page() -> None:
    problems = names_in_sources(PROBLEM, without=OTHER_DIALECTS) | {"tenant_suspended", "tenant_closing"}
    errors = {error.value for error in ErrorCode}

    assert {"not_found", "malformed_json", "authentication_failed"} <= problems
    assert (problems | errors) - set(documented_codes()) == set()


def test_every_refusal_is_on_the_errors_page_with_its_status() -> None:
    documented = documented_codes()
    codes = {refusal.code_name: str(refusal.status_code) for refusal in refusals()}

    assert {"powers_exceeded", "budget_exceeded"} <= set(codes)
    # Only people meet these, in the console.
    of_others = {"invitation_for_another", "second_factor_missing", "sign_up_closed"}
    of_others |= {"item_taken"}  # only feeders of batches do
    assert {code for code, status in codes.items() if status not in documented.get(code, ())} == of_others


def test_every_code_of_a_wrong_value_is_on_the_errors_page() -> None:
    codes = names_in_sources(WRONG_VALUE, without=OTHER_DIALECTS)
    section = documented("docs/api/errors.md").partition("## Wrong values")[2].partition("\n## ")[0]

    assert {"required", "unknown_field", "url_refused", "too_many_pixels"} <= codes
    assert codes - set(re.findall(r"`([a-z_]+)`", section)) == set()


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_of_the_project_exists(page: Path) -> None:
    folders = "accounts|billing|generations|platform|cavendish|tests|deploy|docs|requirements"
    for path in set(re.findall(rf"`((?:{folders})/[\w./*-]*)`", page.read_text())):
        base = ROOT / "platform" if path.startswith("cavendish/") else ROOT
        assert list(base.glob(path.rstrip("/"))) or list(base.glob(f"{path}.py")), path


def test_every_room_is_on_the_architecture_page() -> None:
    """The floor plan that import-linter holds, in the order of its floors."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    house = re.findall(r"^```\n(.*?)^```", documented("docs/architecture.md"), re.DOTALL | re.MULTILINE)[0]
    drawn = set(re.findall(r"[a-z_]+", house))

    for contract in contracts:
        if contract["type"] != "layers":
            continue
        container = contract.get("containers", [""])[0].replace(".", "/").replace("cavendish", "platform/cavendish")
        rooms = {name.split(".")[-1] for layer in contract["layers"] for name in re.findall(r"[a-z_.]+", layer)}
        folders = {room for room in rooms if container and (ROOT / container / room / "__init__.py").exists()}
        assert (folders or rooms) - {"models", "migrations", "apps", "settings", "management"} <= drawn, contract[
            "name"
        ]


def test_every_model_is_on_the_pages_of_the_api() -> None:
    row = re.search(r"^\| `model` \| (.*)$", documented("docs/api/generations.md"), re.MULTILINE)
    table = re.findall(r"^\| `(gemini[\w.-]+)` \| (.*) \|$", documented("docs/api/files.md"), re.MULTILINE)

    assert row is not None
    assert re.findall(r"`(gemini[\w.-]+)`", row[1]) == [model.id for model in models()]
    assert {name: cells.split(" | ") for name, cells in table} == {
        model.id: [str(model.max_images_in), *(str(model.role_limits[role] or "none") for role in ROLES)]
        for model in models()
    }


def test_every_page_of_the_api_is_on_its_first_page() -> None:
    linked = set(re.findall(r"\]\(([a-z]+\.md)\)", documented("docs/api/index.md")))

    assert linked == {page.name for page in API_PAGES} - {"index.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_in_json_can_be_parsed(page: Path) -> None:
    text = page.read_text()
    for example in re.findall(r"^```json\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        json.loads(example)
    for body in re.findall(r"-d '(\{.*?\})'", text, re.DOTALL):
        json.loads(body)


def test_there_are_examples_in_json_to_parse() -> None:
    text = "\n".join(page.read_text() for page in API_PAGES)

    assert len(re.findall(r"^```json\n", text, re.MULTILINE)) >= 7
    assert len(re.findall(r"-d '\{", text)) >= 4


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_address_of_the_api_exists(page: Path) -> None:
    for address in set(re.findall(r"(?<![\w.])/api/v1/[\w/{}…<>.$-]*", page.read_text())):
        path = re.sub(r"\$?\{[a-z_.]+\}|<[a-z_]+>|[a-z]+_…|…", "x", address.rstrip("."))
        try:
            resolve(path)
        except Resolver404:
            pytest.fail(f"{page.name} names {address}")


def test_the_workflow_runs_what_a_developer_runs() -> None:
    workflow = documented(".github/workflows/ci.yml")

    assert re.search(r"^ +- run: \.ci/run$", workflow, re.MULTILINE)
    actions = re.findall(r"uses: (\S+)", workflow)
    assert actions
    # An action's tag can be moved to other code; a commit cannot.
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions)
