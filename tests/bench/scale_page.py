"""`python -m tests.bench.scale_page` writes the computed tables into docs/scale.md."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench.scale import Figures, limits_table, processes_table, storage_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
TABLES = {"processes": processes_table, "storage": storage_table, "limits": limits_table}


def page(text: str) -> str:
    """The page with its tables computed anew; each stands between two comments that name it."""
    for name, table in TABLES.items():
        between = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        lines = "\n".join(table(Figures()))
        text = re.sub(between, lambda found, lines=lines: f"{found[1]}{lines}\n{found[2]}", text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
