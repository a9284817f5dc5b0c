"""Tables as spreadsheets save them, and what is no table."""

from __future__ import annotations

import pytest

from cavendish.above.console.batches.sheet import Sheet, SheetInvalid, SheetProblem, sheet_read

TABLE = 'prompt;key\r\n"Rot, ""grell""";a\r\nzwei\nZeilen;b\r\n'


def read(data: bytes) -> Sheet:
    return sheet_read(data, most_rows=5, most_problems=3)


def wrong(data: bytes) -> list[SheetProblem]:
    with pytest.raises(SheetInvalid) as refused:
        read(data)
    return list(refused.value.problems)


def cells(data: bytes) -> list[dict[str, str]]:
    return [dict(row.cells) for row in read(data).rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_what_spreadsheets_save_is_read(separator: str, end: str, encoding: str) -> None:
    text = end.join(
        [f"prompt{separator}key", f'"红色跑鞋，白色背景{separator} ""新"""{separator}一', "", f"灯塔{separator}"]
    )
    sheet = read(text.encode(encoding))
    assert sheet.head == ["prompt", "key"]
    assert [dict(row.cells) for row in sheet.rows] == [
        {"prompt": f'红色跑鞋，白色背景{separator} "新"', "key": "一"},
        {"prompt": "灯塔"},
    ]
    assert [row.line for row in sheet.rows] == [2, 4]


def test_western_excel_without_a_mark_is_read() -> None:
    assert cells("prompt;key\r\nGrüne Bäume, süß;été\r\n".encode("cp1252")) == [
        {"prompt": "Grüne Bäume, süß", "key": "été"}
    ]


def test_lines_are_counted_through_cells_of_several_lines() -> None:
    sheet = read(b'sep=;\r\nprompt;key\r\n"one\r\ntwo";a\r\nthree;b\r\n')
    assert [(row.line, dict(row.cells)) for row in sheet.rows] == [
        (3, {"prompt": "one\r\ntwo", "key": "a"}),
        (5, {"prompt": "three", "key": "b"}),
    ]


@pytest.mark.parametrize(
    ("data", "line", "says"),
    [
        (b"", 0, "empty"),
        (b" \r\n\r\n", 0, "empty"),
        (b"prompt,key\r\n", 0, "no row below"),
        (b"PK\x03\x04junk", 0, "no CSV"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", 0, "no CSV"),
        (b'prompt,key\n"a cat,1\na dog,2\n', 2, "never closed"),
        (b'prompt,key\nok,1\n"a" cat,1\n', 3, "has to be doubled"),
        (b"prompt,key\nred, green,1\n", 2, "a cell more"),
        (b"prompt,Prompt\na,b\n", 1, "there twice"),
        (b"prompt\n" + b"a\n" * 6, 0, "at most 5 rows"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(data: bytes, line: int, says: str) -> None:
    first = wrong(data)[0]
    assert first.line == line
    assert says in first.text


def test_problems_end_at_a_limit() -> None:
    assert len(wrong(b"prompt\n" + b"a,b\n" * 5)) == 3
