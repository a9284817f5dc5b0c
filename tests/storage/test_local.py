"""Objects in a folder whose disk refuses: an outage, which clients are told as such, and no defect of ours."""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile
from collections.abc import Iterator
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


def _in_memory(path: Path) -> int:
    """How many of a file's pages the system keeps, which a process that maps it can ask."""
    size = path.stat().st_size
    pages = (ctypes.c_ubyte * -(-size // mmap.PAGESIZE))()
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size) as mapped:
        address = ctypes.c_char.from_buffer(mapped)
        failed = ctypes.CDLL(None).mincore(ctypes.c_void_p(ctypes.addressof(address)), ctypes.c_size_t(size), pages)
        del address
    assert not failed
    return sum(page & 1 for page in pages)


@pytest.fixture
def on_disk() -> Iterator[Path]:
    """A folder that is not in memory, as that for tests may be."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        probe = Path(folder) / "probe"
        probe.write_bytes(bytes(4096))
        with probe.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if _in_memory(probe):
            pytest.skip("This machine keeps /var/tmp in memory.")
        yield Path(folder)


def test_what_is_read_once_does_not_stay_in_memory(on_disk: Path) -> None:
    store, spooled = LocalObjects(on_disk / "objects"), on_disk / "spooled"
    picture = os.urandom(1_000_000)
    spooled.write_bytes(picture)
    store.keep(spooled, "tenants/a/one")
    kept = on_disk / "objects" / "tenants" / "a" / "one"

    assert b"".join(store.read("tenants/a/one")) == picture
    assert _in_memory(kept)
    assert b"".join(store.read("tenants/a/one", once=True)) == picture
    assert not _in_memory(kept)

    # Whoever stops in the middle has had what there was to have.
    assert len(next(store.read("tenants/a/one"))) < len(picture)
    assert _in_memory(kept)
    begun = store.read("tenants/a/one", once=True)
    next(begun)
    begun.close()  # type: ignore[attr-defined]
    assert not _in_memory(kept)
