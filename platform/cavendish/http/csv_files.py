"""CSV as RFC 4180 has it: lines end with CRLF. For spreadsheets of any language a file may begin with a byte order mark
(`bom`), and have another `delimiter` and another `decimal` sign. Every file of CSV is written here.

PostgreSQL writes what may be long, and we pass its lines on: no file is too large for our memory.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connections

from cavendish.db.router import current_alias

Write = Callable[[bytes], object]
FORMULA = "=+-@\t\r"
"""Spreadsheets run a text that begins with one of them, so it gets a quote."""
NAMES = ("bom", "delimiter", "decimal")
DELIMITERS = {",": ",", ";": ";", "tab": "\t", "\t": "\t"}
DECIMALS = (".", ",")
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class CsvStyle:
    bom: bool = False
    delimiter: str = ","
    decimal: str = "."


PLAIN = CsvStyle()


def csv_style(values: Mapping[str, str], wrong: Callable[[str, str, str], object]) -> CsvStyle:
    """Returns the style that query parameters ask for; `wrong` is told of each that cannot be (name, code, detail).

    With a decimal comma the delimiter is a semicolon where none is named.
    """
    bom, decimal = values.get("bom", "false"), values.get("decimal", ".")
    if bom not in {"true", "false"}:
        wrong("bom", "unknown_value", "Use true or false.")
    if decimal not in DECIMALS:
        wrong("decimal", "unknown_value", 'Use "." or ",".')
    delimiter = DELIMITERS.get(values.get("delimiter", ";" if decimal == "," else ","))
    if delimiter is None:
        wrong("delimiter", "unknown_value", 'Use ",", ";" or tab.')
    elif delimiter == decimal:
        wrong("delimiter", "conflict", "It must not be the decimal sign.")
    return CsvStyle(bom=bom == "true", delimiter=delimiter or ",", decimal=decimal)


def csv_line(values: Iterable[Any], style: CsvStyle = PLAIN) -> bytes:
    """Returns a line. Numbers have the decimal sign, texts that a spreadsheet would run a quote."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=style.delimiter).writerow([_shown(value, style) for value in values])
    return out.getvalue().encode()


def csv_begin(write: Write, columns: Sequence[str], style: CsvStyle) -> None:
    """Writes what a file begins with: the mark, if it is asked for, and the names of the columns."""
    write((BOM if style.bom else b"") + csv_line(columns, style))


def csv_copy(
    columns: Mapping[str, str],
    rest: str,
    values: Mapping[str, object],
    write: Write,
    *,
    style: CsvStyle = PLAIN,
    numbers: frozenset[str] = frozenset(),
    texts: frozenset[str] = frozenset(),
) -> None:
    """Writes the rows of a query as a file: `columns` are SQL by name, `rest` is the query from FROM on.

    `numbers` name columns that have decimals, `texts` those that somebody chose the words of.
    """
    csv_begin(write, list(columns), style)
    picked = [_column(sql, name in numbers and style.decimal != ".", name in texts) for name, sql in columns.items()]
    sign = "E'\\t'" if style.delimiter == "\t" else f"'{style.delimiter}'"
    sql = f"COPY (SELECT {', '.join(picked)} {rest}) TO STDOUT (FORMAT csv, DELIMITER {sign})"
    with connections[current_alias()].cursor() as cursor, cursor.copy(sql, values) as copied:
        for piece in copied:
            line = bytes(piece)
            # a line a piece; a line break within it belongs to a text
            write(line[:-1] + b"\r\n" if line.endswith(b"\n") else line)


def _column(sql: str, comma: bool, is_text: bool) -> str:
    if comma:
        return f"replace(({sql})::text, '.', ',')"
    if is_text:
        runs = "IN ('=', '+', '-', '@', E'\\t', E'\\r')"
        return f"CASE WHEN left(({sql}), 1) {runs} THEN '''' || ({sql}) ELSE ({sql}) END"
    return sql


def _shown(value: Any, style: CsvStyle) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", style.decimal)
    if isinstance(value, str) and value and value[0] in FORMULA:
        return f"'{value}"
    return "" if value is None else value
