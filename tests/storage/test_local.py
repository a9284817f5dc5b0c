"""Objects in a folder whose disk refuses: an outage, which clients are told as such, and no defect of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from cavendish.http.problems import problem_of
from cavendish.storage import ObjectMissing, StorageAway
from cavendish.storage.objects import LocalObjects
from tests.outages import replaced_by_a_file


def test_a_folder_that_is_away_is_an_outage_and_loses_nothing(tmp_path: Path) -> None:
    store, spooled = LocalObjects(tmp_path / "objects"), tmp_path / "spooled"
    spooled.write_bytes(b"picture")
    store.keep(spooled, "tenants/a/one")
    spooled.write_bytes(b"another")
    with replaced_by_a_file(tmp_path / "objects" / "tenants"):
        with pytest.raises(StorageAway) as raised:
            store.keep(spooled, "tenants/a/two")
        problem = problem_of(raised.value)
        assert problem is not None
        assert (problem.status, "Retry-After" in problem.headers) == (503, True)
        with pytest.raises(StorageAway):
            b"".join(store.read("tenants/a/one"))
        with pytest.raises(StorageAway):
            store.delete("tenants/a/one")
    assert spooled.read_bytes() == b"another"
    store.keep(spooled, "tenants/a/two")
    assert b"".join(store.read("tenants/a/one")) == b"picture"
    assert b"".join(store.read("tenants/a/two")) == b"another"


def test_what_is_not_there_is_missing_and_not_away(tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        b"".join(LocalObjects(tmp_path).read("tenants/a/none"))
    LocalObjects(tmp_path).delete("tenants/a/none")
