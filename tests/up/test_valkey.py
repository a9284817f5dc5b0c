from __future__ import annotations

import os
import signal
import stat

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cavendish.up.services import Folders
from cavendish.up.state import State
from cavendish.up.supervisor import Supervisor
from cavendish.up.valkey import Valkey


@pytest.fixture
def valkey(folders: Folders) -> Valkey:
    return Valkey(folders.data_dir, State(folders.data_dir / "services.json"), folders.log("valkey"))


def test_it_wants_the_password_and_shows_it_nowhere(supervisor: Supervisor, valkey: Valkey) -> None:
    child = valkey.prepare()
    supervisor.launch(child)
    supervisor.wait_ready(child)
    with redis.Redis.from_url(valkey.url) as client:
        server = client.info("server")
        assert server["server_name"] == "valkey"
        assert server["valkey_version"].startswith("9.")
        assert client.config_get("appendonly") == {"appendonly": "yes"}
    with (
        redis.Redis(port=valkey.port, retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        stranger.ping()
    assert valkey.password not in " ".join(psutil.Process(child.pid).cmdline())
    assert stat.S_IMODE((valkey.folder / "valkey.conf").stat().st_mode) == 0o600
    listening = {each.laddr.ip for each in psutil.Process(child.pid).net_connections() if each.status == "LISTEN"}
    assert listening == {"127.0.0.1"}


def test_what_it_holds_survives_a_kill(supervisor: Supervisor, valkey: Valkey) -> None:
    child = valkey.prepare()
    supervisor.launch(child)
    supervisor.wait_ready(child)
    url = valkey.url
    with redis.Redis.from_url(url) as client:
        client.set("doorbell", "rung")
    os.kill(child.pid, signal.SIGKILL)
    assert child.process is not None
    child.process.wait()
    again = valkey.prepare()
    supervisor.launch(again)
    supervisor.wait_ready(again)
    assert valkey.url == url
    with redis.Redis.from_url(url) as client:
        assert client.get("doorbell") == b"rung"
