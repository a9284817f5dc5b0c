"""Where a moved clock is refused, and how moments are written."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cavendish.boot.clock import ClockSteps, parse_moment, refuse_elsewhere
from cavendish.boot.config import Config, ConfigurationError
from cavendish.management.commands.clock import length
from tests.services import ROOT, clean_environment

MOMENT = "2026-12-31T23:50:00Z"


def test_a_moment_has_its_zone_and_lies_in_our_days() -> None:
    assert parse_moment("2027-01-01T00:50:00+01:00") == datetime(2026, 12, 31, 23, 50, tzinfo=UTC)
    for wrong in (
        "2026-12-31",
        "2026-12-31T23:50:00",
        "tomorrow",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "0",
        "",
    ):
        with pytest.raises(ConfigurationError, match="CAVENDISH_CLOCK is"):
            parse_moment(wrong)
    assert length("--by", "1d12h") == timedelta(days=1, hours=12)
    for wrong in ("", "31", "d", "-1d", "0s", "1y"):
        with pytest.raises(ConfigurationError, match="--by is"):
            length("--by", wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://a:b@db.example.com/c"),
        ("DATABASE_OWNER_URL", "postgresql://a:b@db.example.com/c"),
        ("BROKER_URL", "amqp://broker.example.com"),
        ("VALKEY_URL", "redis://valkey.example.com"),
        ("STORAGE_URL", "s3://pictures"),
        ("BASE_URL", "https://images.example.com"),
        ("GEMINI_API_KEYS", "AIza-not-a-key"),
    ],
)
def test_it_is_refused_beside_what_keeps_its_own_time_and_in_production(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, value)
    config = Config(tmp_path)
    refuse_elsewhere(config)
    monkeypatch.setenv("CAVENDISH_CLOCK", MOMENT)
    with pytest.raises(ConfigurationError, match=rf"CAVENDISH_CLOCK.*{name}"):
        refuse_elsewhere(config)


def test_check_and_every_start_refuse_it(tmp_path: Path) -> None:
    environment = {**clean_environment(), "CAVENDISH_CLOCK": MOMENT, "CAVENDISH_DATA_DIR": str(tmp_path / "data")}
    foreign = {**environment, "DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}

    def said(env: dict[str, str], *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode != 0, "Traceback" in done.stderr) == (True, False)
        return (done.stdout + done.stderr).strip().splitlines()[-1] if arguments[1] != "check" else done.stderr

    for arguments in (("manage.py", "check"), ("manage.py", "up"), ("manage.py", "scheduler")):
        assert "CAVENDISH_CLOCK" in said(foreign, *arguments)
    assert "use a moment like" in said({**environment, "CAVENDISH_CLOCK": "2026-12-31"}, "manage.py", "up")
    assert "goes by the machine's clock" in said(environment, "manage.py", "clock", "show")
    assert not (tmp_path / "data").exists()


def test_a_step_of_the_time_of_day_is_noticed_once() -> None:
    passed, wall = 0.0, 1000.0
    steps = ClockSteps(lambda: passed, lambda: wall)
    passed, wall = passed + 60, wall + 61
    assert not steps.stepped()
    wall += 86400
    assert [steps.stepped(), steps.stepped()] == [True, False]
    assert os.environ.get("FAKETIME_TIMESTAMP_FILE") is None
