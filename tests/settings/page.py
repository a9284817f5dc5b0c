"""The tables of docs/configuration.md and the example files of deploy/, made of the declarations.

`.venv/bin/python -m tests.settings.page` writes them.
"""

from __future__ import annotations

import re
from pathlib import Path

from cavendish.boot.declared import SECTIONS, Setting

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"
HEADS = {
    "cavendish.env.example": (
        "# /etc/cavendish/cavendish.env, mode 0600, root's. systemd reads it before it changes the user.\n"
        "# docs/configuration.md says what each name means. Every machine gets the same values. A secret can stand in\n"
        "# a file of its own instead: DATABASE_URL_FILE=/run/secrets/database_url.\n"
    ),
    "owner.env.example": "# /etc/cavendish/owner.env, mode 0600, root's: for cavendish-migrate.service alone.\n",
}
# What stands in backticks: other settings, and paths and URLs with a part that is not known.
NAMES = re.compile(r"(?<![`\w/])([A-Z]+(?:_[A-Z]+)+|(?:file://)?<[a-z ]+>/\w+|http://\S+)(?![`\w])")
# Not ours: boto3 reads them.
AFTER = {"STORAGE_URL": "AWS_ACCESS_KEY_ID=\nAWS_SECRET_ACCESS_KEY=\n"}


def default(setting: Setting) -> str:
    """The default as a cell: a value in backticks, words with the names in them."""
    if not setting.shown:
        return f"`{setting.default}`" if setting.default else "none"
    return re.sub(
        r"(?<![`\w/])([A-Z]+(?:_[A-Z]+)+|(?:file://)?<[a-z ]+>/\w+|http://\S+)(?![`\w])", r"`\1`", setting.shown
    )


def row(setting: Setting) -> str:
    right = setting.kind.right + (f"; or `{setting.name}_FILE`" if setting.is_secret else "")
    readers = ", ".join(setting.read_by)
    return f"| `{setting.name}` | {default(setting)} | {right} | {readers} | {setting.meaning} |"


def table(section: str) -> str:
    rows = [row(setting) for setting in SECTIONS[section]]
    return "\n".join(["| Name | Default | Value | Read by | Meaning |", "| --- | --- | --- | --- | --- |", *rows])


def page(text: str) -> str:
    """The page with the table of each section anew."""
    for section in SECTIONS:
        head, found, rest = text.partition(f"\n## {section}\n")
        assert found, f"{PAGE.name} has no section {section}"
        old = re.search(r"^\|.*\n(?:\|.*\n)+", rest, re.MULTILINE)
        assert old, f"{PAGE.name} has no table in {section}"
        text = head + found + rest[: old.start()] + table(section) + "\n" + rest[old.end() :]
    return text


def example(file: str) -> str:
    lines = [HEADS[file]]
    for section in SECTIONS.values():
        for setting in section:
            if setting.example is None or setting.example.file != file:
                continue
            if note := setting.example.note:
                lines.append("".join(f"# {line}\n" for line in note.split("\n")))
            # Without quotes, which systemd would take off, but no --env-file.
            off = "#" * setting.example.is_off
            lines.append(f"{off}{setting.name}={setting.example.value}\n" + AFTER.get(setting.name, ""))
        if len(lines) > 1 and lines[-1] != "\n":
            lines.append("\n")
    return "".join(lines).rstrip() + "\n"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text()))
    for file in HEADS:
        (ROOT / "deploy" / file).write_text(example(file))


if __name__ == "__main__":
    main()
