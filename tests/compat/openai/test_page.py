"""The examples of the page about this dialect, run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.api.accounts import Account

PAGE = Path(__file__).parents[3] / "docs" / "api" / "openai.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_the_examples_run(account: Account) -> None:
    assert len(EXAMPLES) == 2
    names: dict[str, Any] = {"KEY": account.secret, "BASE": str(account.http.base_url)}
    for example in EXAMPLES:
        exec(example, names)
    assert [picture[:4] for picture in names["pictures"]] == [b"\x89PNG"] * 2
    assert names["address"].startswith("data:image/png;base64,")
    # The conversation can go on with what the example makes of it.
    again = names["client"].chat.completions.create(model="gemini-3.1-flash-image", messages=names["messages"])
    assert again.choices[0].finish_reason == "stop"
