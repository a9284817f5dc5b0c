"""What an operator does on a page without a script: opens an act, sees what it would change, confirms."""

from __future__ import annotations

import re
from typing import Any

from tests.people.visitors import Visitor, shown

SEEN = re.compile(r'name="seen" value="([^"]*)"')


def act(operator: Visitor, path: str, /, **values: Any) -> Any:
    """Returns the answer to the confirmation. A preview is shown first, where the act has one; its page is asserted."""
    asked = operator.get(path)
    assert asked.status_code == 200, (path, asked.status_code)
    answer = operator.post(path, **values, confirm="1")
    if answer.status_code == 200 and (seen := SEEN.search(shown(answer))) and seen[1]:
        answer = operator.post(path, **values, confirm="1", seen=seen[1])
    return answer


def act_done(operator: Visitor, path: str, /, **values: Any) -> str:
    """Returns the page that the act led to, with its message."""
    answer = act(operator, path, **values)
    assert answer.status_code == 302, re.findall(r'errorlist.*?</ul>|class="error".*?</', shown(answer), re.S)
    return shown(operator.get(answer.headers["Location"]))
