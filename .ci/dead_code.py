"""Names that nothing uses, told by vulture; ends with 1 when there are any. [tool.vulture] says which stay, and why.

In the product that is what only tests use, in tests what nobody uses. Names in strings and in templates are used, since
frameworks find things by them. Fields and columns are not looked at: SQL, JSON and templates read them.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vulture import Vulture
from vulture.config import make_config

NAME = re.compile(r"[\w.:]+")  # also as settings and registries have it: a.dotted.path:and_more


def main() -> int:
    config = make_config([])
    product: list[str] = config["paths"]
    used = {name for folder in product for name in named(Path(folder))}
    dead = [item for item in unused(product, config) if item.name not in used]
    dead += [item for item in unused([*product, "tests"], config) if Path("tests") in item.filename.parents]
    for item in dead:
        print(item.get_report())
    return min(len(dead), 1)


def unused(paths: list[str], config: dict[str, Any]) -> Iterator[Any]:
    vulture = Vulture(ignore_names=config["ignore_names"], ignore_decorators=config["ignore_decorators"])
    vulture.scavenge(paths, exclude=config["exclude"])
    for item in vulture.get_unused_code(min_confidence=60):
        is_constant = (
            item.name.isupper()
            and item.filename.name != "settings.py"
            and "models" not in {*item.filename.parts, item.filename.stem}
        )
        if item.typ not in {"variable", "attribute"} or is_constant:
            yield item


def named(folder: Path) -> Iterator[str]:
    for template in folder.rglob("templates/**/*.*"):
        yield from re.findall(r"\w+", template.read_text())
    for module in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                yield from re.split(r"[.:]", node.value)


if __name__ == "__main__":
    sys.exit(main())
