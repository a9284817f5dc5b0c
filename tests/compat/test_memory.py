"""A picture's base64 is never in the web process's memory whole."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api.accounts import FLASH, Account
from tests.services import Running

PICTURE = 24_000_000
"""Bytes, as large as 4K pictures become; 32 MB in base64."""
ROOM = 16 * 1024
"""kB that a process may grow by while it streams one."""


def peak(process: int) -> int:
    """The most memory that it had since `forget`, in kB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1])


def forget(process: int) -> None:
    """Lets the peak begin again at what is used now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


@pytest.mark.skipif(sys.platform != "linux", reason="The peak is read from /proc.")
def test_a_large_picture_passes_in_pieces(platform: Running, client: Any, account: Account) -> None:
    client.interactions.create(model=FLASH, input="A cat")
    children = json.loads((platform.data_dir / "children.json").read_text())
    (web,) = [process for name, process, _ in children if name == "web"]
    forget(web)
    before = peak(web)
    made = client.interactions.create(model=FLASH, input=f"A cat [[bytes:{PICTURE}]]")
    assert len(made.output_image.data) == PICTURE * 4 // 3
    assert len(client.interactions.get(made.id).output_image.data) == PICTURE * 4 // 3
    # not through the SDK, which looks at each byte of a stream in turn
    headers = {"x-goog-api-key": account.secret}
    with account.http.stream("GET", f"/v1/interactions/{made.id}?stream=true", headers=headers) as answer:
        assert sum(len(chunk) for chunk in answer.iter_raw()) > PICTURE * 4 // 3
    assert peak(web) - before < ROOM
