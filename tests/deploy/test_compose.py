"""deploy/compose.yaml: what it names exists, and each service gets what it needs and no more."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cavendish.boot.declared import SETTINGS

DEPLOY = Path(__file__).parents[2] / "deploy"
OURS = ("web", "worker", "worker-2", "scheduler", "sandbox", "migrate", "bucket")
OF_LIBRARIES = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded["services"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder after `prepare`."""
    if not shutil.which("openssl"):
        pytest.skip("There is no openssl on this machine.")
    copy = tmp_path_factory.mktemp("compose") / "deploy"
    shutil.copytree(
        DEPLOY, copy, ignore=shutil.ignore_patterns(".env", "cavendish.env", "tls", "s3.json", "nginx.conf")
    )
    subprocess.run([copy / "compose" / "prepare", "https://images.test"], check=True, capture_output=True)
    return copy


def test_every_service_of_the_platform_and_the_stores_are_there(services: dict[str, Any]) -> None:
    assert {*OURS, "postgres", "valkey", "s3", "nginx"} == set(services)
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
    for name in OURS:
        assert services[name]["read_only"] is True, name
        assert services[name]["cap_drop"] == ["ALL"], name


def test_only_migrations_get_the_owners_password(services: dict[str, Any]) -> None:
    owners = {name for name, service in services.items() if "OWNER_PASSWORD" in json.dumps(service)}
    assert owners == {"migrate", "postgres"}
    assert "env_file" not in services["sandbox"]
    assert set(services["sandbox"]["environment"]) == {"SANDBOX_STATE_DIR"}


def test_settings_are_those_that_the_platform_knows(services: dict[str, Any], prepared: Path) -> None:
    known = set(SETTINGS) | OF_LIBRARIES
    for name in OURS:
        assert set(services[name]["environment"]) <= known, name
    lines = (prepared / "compose" / "cavendish.env").read_text().splitlines()
    assert {line.split("=")[0] for line in lines if line and line[0] != "#"} <= known


def test_preparing_writes_what_the_file_asks_for_once(services: dict[str, Any], prepared: Path) -> None:
    asked = set(re.findall(r"\$\{(\w+_PASSWORD|S3_SECRET)", (DEPLOY / "compose.yaml").read_text()))
    secrets = dict(line.split("=", 1) for line in (prepared / ".env").read_text().splitlines())
    assert asked <= set(secrets)
    assert len({secrets[name] for name in asked}) == len(asked)
    assert all(len(secrets[name]) >= 40 for name in asked)
    for name in (".env", "compose/cavendish.env", "compose/s3.json", "compose/tls/key.pem"):
        assert stat.S_IMODE((prepared / name).stat().st_mode) == 0o600, name
    before = {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()}
    subprocess.run([prepared / "compose" / "prepare", "https://images.test"], check=True, capture_output=True)
    assert {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()} == before
    for service in services.values():
        for volume in service.get("volumes", []):
            if volume.startswith("./"):
                assert (prepared / volume.split(":")[0]).exists(), volume


def test_nginx_takes_the_configuration(prepared: Path) -> None:
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx is None:
        pytest.skip("There is no nginx on this machine.")
    text = (prepared / "compose" / "nginx.conf").read_text()
    assert "127.0.0.1:8001" not in text
    assert text.count("server web:8000 resolve max_fails=0;") == 2
    assert "server_name images.test;" in text
    # `resolve` came with nginx 1.27, which the image has; the rest is tried with the one of this machine.
    text = text.replace(" resolve ", " ").replace("web:8000", "127.0.0.1:8000")
    text = text.replace("/etc/ssl/cavendish", str(prepared / "compose" / "tls")).replace(
        "/var/log/nginx", str(prepared)
    )
    whole = prepared / "whole.conf"
    whole.write_text(f"pid {prepared}/nginx.pid; error_log stderr; events {{}}\nhttp {{\n{text}\n}}\n")
    done = subprocess.run([nginx, "-t", "-c", whole, "-p", prepared], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
