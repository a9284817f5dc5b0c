"""A table as people save it from a spreadsheet: CSV with any of the usual separators, encodings and line ends."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MAX_BYTES = 32 * 1024 * 1024
MAX_COLUMNS = 100
SEPARATORS = ",;\t|"
_CHINESE_SHARE = 0.8
"""Of the characters beyond ASCII that must be common Chinese ones, for a file without a mark to be taken as Chinese."""
_SEP_LINE = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


@dataclass(frozen=True)
class SheetProblem:
    """What is wrong, where: a line from 1 as spreadsheets count them (0 for the whole file), a column's name or ""."""

    line: int
    column: str
    text: str


@dataclass(frozen=True)
class SheetRow:
    """A row's cells by the names of their columns, without empty ones; `line` is where it begins."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """`head` are the columns' names as they stand there."""

    head: Sequence[str]
    rows: Sequence[SheetRow]


class SheetInvalid(ValueError):
    """A file that is no table, or a crooked one."""

    def __init__(self, problems: Sequence[SheetProblem]) -> None:
        super().__init__(problems[0].text)
        self.problems = problems


def sheet_read(data: bytes, *, most_rows: int, most_problems: int) -> Sheet:
    """Returns the table without its empty rows. Raises SheetInvalid with all that is wrong, up to a limit."""
    if len(data) > MAX_BYTES:
        raise _whole(_("This file is larger than %s MB. Split it.").replace("%s", str(MAX_BYTES // 1024**2)))
    text, shift = _without_sep_line(_decoded(data))
    if not text.strip():
        raise _whole(_("This file is empty."))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    head: list[str] = []
    rows: list[SheetRow] = []
    problems: list[SheetProblem] = []
    for line, cells in _records(reader, shift, problems):
        if not any(cell.strip() for cell in cells):
            continue
        if not head:
            head = _head(cells, line)
            continue
        if extra := len([cell for cell in cells[len(head) :] if cell.strip()]):
            text = ngettext(
                "This row has a cell more than there are columns. Put quotes around cells that contain the separator.",
                "This row has %(n)s cells more than there are columns. Put quotes around cells that contain the "
                "separator.",
                extra,
            )
            problems.append(SheetProblem(line, "", text % {"n": extra}))
        named = zip(head, cells, strict=False)
        rows.append(SheetRow(line, {name: cell.strip() for name, cell in named if name and cell.strip()}))
        if len(rows) > most_rows:
            raise _whole(_("A batch has at most %s rows. Split the file.").replace("%s", str(most_rows)))
        if len(problems) >= most_problems:
            break
    if problems:
        raise SheetInvalid(problems)
    if not rows:
        raise _whole(_("There is no row below the column names."))
    return Sheet(head, rows)


def _records(reader: Iterator[list[str]], shift: int, problems: list[SheetProblem]) -> Iterator[tuple[int, list[str]]]:
    """Yields each record with the line where it begins; one that is no CSV ends them, and is noted."""
    line = 1 + shift
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(SheetProblem(line, "", _broken(str(error))))
            return
        yield line, cells
        line = 1 + shift + reader.line_num  # type: ignore[attr-defined]


def _broken(said: str) -> str:
    if "unexpected end of data" in said:
        return _("A quotation mark is opened here and never closed.")
    if "expected after" in said:
        return _("A quotation mark within a cell has to be doubled.")
    if "field larger" in said:
        return _("A cell is too long. Perhaps a quotation mark is missing.")
    return _("This line is no CSV.")


def _head(cells: Sequence[str], line: int) -> list[str]:
    names = [" ".join(cell.split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MAX_COLUMNS:
        raise _whole(_("A table has at most %s columns.").replace("%s", str(MAX_COLUMNS)))
    twice = {name for name in names if name and [each.casefold() for each in names].count(name.casefold()) > 1}
    if twice:
        text = _("This column is there twice.")
        raise SheetInvalid([SheetProblem(line, name, text) for name in sorted(twice)])
    return names


def _decoded(data: bytes) -> str:
    """Returns the text: UTF-8 or UTF-16 by its mark, else UTF-8, else what Excel writes in China, else in the West."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return _clean(data.decode("utf-16"))
        except UnicodeDecodeError:
            raise _whole(_("This file is no text.")) from None
    try:
        return _clean(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    if b"\x00" in data:
        raise _whole(_("This is no CSV. Spreadsheets save one by “Save as”, “CSV UTF-8”."))
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        text = ""
    if text and _is_chinese(text):
        return text
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        raise _whole(_("The encoding of this file is unknown. Save it as “CSV UTF-8”.")) from None


def _clean(text: str) -> str:
    if "\x00" in text or text.startswith("PK"):
        raise _whole(_("This is no CSV. Spreadsheets save one by “Save as”, “CSV UTF-8”."))
    return text


def _is_chinese(text: str) -> bool:
    beyond = [character for character in text if ord(character) > 0x7F]
    return sum(map(_is_common, beyond)) >= _CHINESE_SHARE * len(beyond)


def _is_common(character: str) -> bool:
    """Whether it is in GB 2312, whose pairs of bytes accented letters of the West do not make by chance."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _without_sep_line(text: str) -> tuple[str, int]:
    """Returns the text without Excel's first line that names the separator, and how many lines that took."""
    found = _SEP_LINE.match(text)
    return (text[found.end() :], 1) if found else (text, 0)


def _separator(text: str) -> str:
    """Returns the separator of the first line that has something: the one that stands there most, outside of quotes."""
    line = next(line for line in text.splitlines() if line.strip())
    bare = re.sub(r'"[^"]*"', "", line)
    return max(SEPARATORS, key=bare.count)


def _whole(text: str) -> SheetInvalid:
    return SheetInvalid([SheetProblem(0, "", text)])
