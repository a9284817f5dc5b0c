"""A conversation that the upstream has not kept is sent again, and a long one says that its beginning was not."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import UUID

import pytest

from cavendish.db import ids
from generations.work import history
from tests.factories import make_tenant, submit_generation
from tests.generations.engines import bought, engine_thread, wait_ended
from tests.generations.helpers import one, rows

pytestmark = pytest.mark.usefixtures("quiet", "sandbox_url")


def notices(id: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = one(
        "owner", "SELECT notices FROM generations_generationcontent WHERE generation_id = %s", id
    )
    return found


@pytest.mark.parametrize(("most", "sent"), [(3, 3), (2, 2)])
def test_a_long_conversation_is_sent_from_its_latest_turns_on(
    monkeypatch: pytest.MonkeyPatch, most: int, sent: int
) -> None:
    monkeypatch.setattr(history, "MAX_TURNS", most)
    tenant = make_tenant()
    marker = f"m{secrets.token_hex(6)}"
    id = None
    with engine_thread():
        for turn in range(4):
            if turn == 3:
                rows("owner", "UPDATE generations_generation SET upstream_id = '' WHERE tenant_id = %s", tenant.id)
            before: dict[str, Any] = {"previous_generation_id": ids.encode(ids.GENERATION, id)} if id else {}
            id = submit_generation(tenant, f"{marker} turn {turn}", **before)
            assert wait_ended(id) == ["succeeded"]
    assert id is not None
    [last] = [text for text in map(json.dumps, bought(marker)) if f"{marker} turn 3" in text]
    assert [f"{marker} turn {turn}" in last for turn in range(3)] == [turn >= 3 - sent for turn in range(3)]
    if sent == 3:
        assert notices(id) == []
    else:
        [notice] = notices(id)
        assert notice["code"] == "history_cut"
        assert "its latest 2 turns" in notice["detail"]
