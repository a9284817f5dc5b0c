"""Types that openapi-typescript makes of the document compile in strict mode, and the README's flow runs with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.accounts import Account
from tests.compat.node import installed
from tests.services import Running

PACKAGE = Path(__file__).parent / "typescript"


def run(*command: str, folder: Path, **environment: str) -> str:
    options = {"cwd": folder, "env": {**os.environ, **environment}, "timeout": 120, "check": False}
    done = subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.mark.slow
def test_the_first_picture_in_strict_typescript(platform: Running, account: Account, tmp_path: Path) -> None:
    modules = installed(PACKAGE)
    for name in ("flow.ts", "tsconfig.json", "package.json"):
        shutil.copy(PACKAGE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    (tmp_path / "openapi.json").write_text(account.http.get("/api/v1/openapi.json").text)
    tools = modules / ".bin"
    run(str(tools / "openapi-typescript"), "openapi.json", "--output", "cavendish.d.ts", folder=tmp_path)
    run(str(tools / "tsc"), "--project", ".", folder=tmp_path)
    printed = run("node", "built/flow.js", folder=tmp_path, BASE=platform.url, KEY=account.secret)
    assert json.loads(printed) == {
        "status": "succeeded",
        "whole": True,
        "listed": [True],
        "code": "invalid_request",
        "pointer": "/model",
        "pixels": 512,
        "unused": 2,
    }
