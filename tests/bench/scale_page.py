"""`python -m tests.bench.scale_page` writes the computed tables into docs/scale.md."""

from __future__ import annotations

from pathlib import Path

from tests.bench.scale import Figures, limits_table, processes_table, storage_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
TABLES = {"processes": processes_table, "storage": storage_table, "limits": limits_table}


def page(text: str) -> str:
    """The page with its tables computed anew; each stands between two comments that name it."""
    for name, table in TABLES.items():
        lines = "\n".join(table(Figures()))
        before, _, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        text = f"{before}<!-- {name} -->\n{lines}\n{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
