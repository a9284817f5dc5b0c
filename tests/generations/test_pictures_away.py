"""A picture that is neither in the spool nor in the store: what was bought is not settled without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from cavendish.storage import objects
from generations.work.pending_result import PendingResult, keep


def test_it_is_stored_once_it_is_back_and_not_missed_once_it_is_stored(tmp_path: Path) -> None:
    key = f"tenants/{uuid4().hex}/outputs/picture.png"
    pending = PendingResult(
        folder=tmp_path / "job-1",
        tenant_id=uuid4(),
        generation_id=uuid4(),
        attempt=1,
        token=uuid4(),
        result=cast(Any, {"status": "succeeded"}),
        files={key: "0/picture"},
    )
    assert keep(pending) == (None, False)
    picture = pending.folder / "0" / "picture"
    picture.parent.mkdir()
    picture.write_bytes(b"bytes")
    assert keep(pending) == (None, True)
    assert b"".join(objects().read(key)) == b"bytes"
    # as after a crash between its move and the settlement
    assert keep(pending) == (None, True)
    objects().delete(key)
