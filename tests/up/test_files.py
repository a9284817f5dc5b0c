from __future__ import annotations

import os
from pathlib import Path

from cavendish.up.files import Lock, rotate, tail, write_private


def test_a_private_file_is_replaced_at_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "secret.json"
    write_private(path, "one")
    with path.open() as reader:
        write_private(path, "two")
        assert reader.read() == "one"
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret.json"]


def test_a_lock_is_held_once_and_names_its_holder(tmp_path: Path) -> None:
    first, second = Lock(tmp_path / "up.lock"), Lock(tmp_path / "up.lock")
    assert first.take()
    first.note("process 7")
    assert not second.take()
    assert second.holder() == "process 7"
    first.release()
    assert second.take()
    second.release()


def test_a_long_log_is_cut_under_its_writer(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    writer = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(writer, b"old\n" * 100)
        rotate(log, 100)
        os.write(writer, b"new\n")
    finally:
        os.close(writer)
    assert log.read_text() == "new\n"
    assert (tmp_path / "web.log.1").read_text() == "old\n" * 100
    rotate(log, 100)
    assert log.read_text() == "new\n"


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("".join(f"line {number}\n" for number in range(50)))
    assert tail(log, 2) == "line 48\nline 49"
    assert tail(tmp_path / "none.log") == ""
