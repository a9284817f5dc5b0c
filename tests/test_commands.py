"""The commands with which an operator makes tenants and logins, and how commands end."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from decimal import Decimal
from io import StringIO
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.authentication.principal import principal_of
from accounts.models import Tenant, User
from billing.models import Wallet
from cavendish.boot.config import Config
from cavendish.db.pool import conninfo
from cavendish.db.router import acting_as


def call(*arguments: str) -> dict[str, str]:
    written = StringIO()
    call_command(*arguments, stdout=written)
    answer: dict[str, str] = json.loads(written.getvalue())
    return answer


def test_tenant_create_makes_a_tenant_that_can_start() -> None:
    slug = f"t-{secrets.token_hex(6)}"

    made = call("tenant_create", slug, "--balance", "12.50")

    live, test = principal_of(made["api_key"]), principal_of(made["test_api_key"])
    assert live is not None
    assert test is not None
    assert (live.tenant_slug, live.livemode, test.livemode) == (slug, True, False)
    with acting_as("operator"):
        assert Wallet.objects.get(tenant_id=live.tenant_id, livemode=True).balance == Decimal("12.50")


@pytest.mark.parametrize("balance", ["-5", "NaN", "1e-12"])
def test_tenant_create_leaves_nothing_behind_when_the_balance_is_wrong(balance: str) -> None:
    slug = f"t-{secrets.token_hex(6)}"

    with pytest.raises(CommandError, match="Nothing was created"):
        call("tenant_create", slug, f"--balance={balance}")

    with acting_as("operator"):
        assert not Tenant.objects.filter(slug=slug).exists()


def test_operator_create_makes_a_login_for_the_admin() -> None:
    email = f"Ops-{secrets.token_hex(4)}@example.com"

    made = call("operator_create", email)

    assert made["email"] == email.lower()
    with acting_as("operator"):
        user = authenticate(username=email, password=made["password"])
    assert isinstance(user, User)
    assert user.is_staff
    with pytest.raises(CommandError, match="already"):
        call("operator_create", email)
    with pytest.raises(CommandError, match="not an email address"):
        call("operator_create", "nobody")


def test_drain_says_that_no_worker_has_the_name() -> None:
    written = StringIO()
    call_command("drain", "--worker", "wroker", stdout=written)
    assert written.getvalue() == "No worker has wroker in its name.\nNothing runs.\n"


# Ends that are no mistake of ours

COMMAND = [sys.executable, "-m", "django"]


def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    url = "postgresql://a:canary@127.0.0.1:1/x"
    away = {name: url for name in os.environ if name.startswith("DATABASE_") and name.endswith("_URL")}
    environment = {**os.environ, **away, "DATABASE_OPERATOR_URL": url, "CAVENDISH_DATA_DIR": str(tmp_path)}
    ended = subprocess.run([*COMMAND, "drain"], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "\nPostgreSQL cannot be asked: " in f"\n{ended.stderr}"
    assert "Traceback" not in ended.stderr
    assert "canary" not in ended.stderr


@pytest.mark.parametrize("command", ["demo_seed", "drain", "reconcile"])
def test_a_database_that_is_not_migrated_is_one_line(command: str) -> None:
    known = Config.load()
    elsewhere = {
        name: f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Dnowhere"
        for role in ("", "SYSTEM_", "OPERATOR_", "PEOPLE_", "OWNER_")
        if (url := known.get(name := f"DATABASE_{role}URL"))
    }
    environment = {**os.environ, **elsewhere}
    ended = subprocess.run([*COMMAND, command], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].removeprefix("CommandError: ").startswith("The database lacks ")
    assert "Run `manage.py migrate --database owner` first" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_gave_up_is_not_said_to_be_away() -> None:
    waiting = (
        "import sys, psycopg; from cavendish.boot.endings import endings_install as install; "
        "install(['manage.py', 'drain']); connection = psycopg.connect(sys.argv[1]); "
        """connection.execute("SET lock_timeout = '50ms'"); connection.execute("SELECT pg_advisory_lock(41, 59)")"""
    )
    with psycopg.connect(conninfo("operator")) as connection:
        connection.execute("SELECT pg_advisory_lock(41, 59)")
        command = [sys.executable, "-c", waiting, conninfo("operator")]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stderr.startswith("PostgreSQL gave up (SQLSTATE 55P03): ")
    assert "Run the command again." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([*COMMAND, "drain"], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert ended.stderr == ""


def test_ctrl_c_is_no_error() -> None:
    # what runs tests in the background may have them ignore Ctrl-C, and a child would inherit that
    waiting = (
        "import signal, time; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from cavendish.boot.endings import endings_install as install; install(['manage.py', 'drain']); "
        "print(flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", waiting], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[1] == "\nStopped.\n"
