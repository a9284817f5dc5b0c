"""The gateways: how the newest of each is installed, started with two processes, and called."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.beside.sides import Side, picture_reply, spent_by
from tests.bench.calls import interaction
from tests.bench.pictures import Size
from tests.bench.stack import FOREIGN, BenchError

START_PATIENCE = 240.0
WORKERS = 2
MODEL = "gemini-3.1-flash-image"
KEY = "sk-bench"

# Newer ones give Portkey 1.15 headers of answers that cannot be changed, and every call through it fails.
NODE_SERVER = "1.13.8"
# Portkey has no switch for more than one process. Node's own way, as process managers do it: one port, its connections
# handed to the processes in turn.
CLUSTER = """\
const cluster = require("node:cluster");
if (cluster.isPrimary) { for (let i = 0; i < %d; i++) cluster.fork(); } else { import(process.env.BENCH_GATEWAY); }
"""


def cache(name: str) -> Path:
    """A peer's folder, outside the repository, kept for the next time."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cavendish-bench" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Peer:
    """A gateway. `install` answers what is installed now; `command` writes what it needs, answers argv and environment.

    `started` is what its log says once for each process.
    """

    label: str
    path: str
    started: str
    install: Callable[[Path], str]
    command: Callable[[Path, int, int], tuple[list[str], dict[str, str]]]
    headers: Callable[[int], dict[str, str]]


def _run(what: str, *argv: str, cwd: Path) -> str:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{what}: {(done.stderr or done.stdout)[-600:]}")
    return done.stdout


def _litellm_install(folder: Path) -> str:
    python = folder / "venv/bin/python"
    if not python.exists():
        _run("No environment for LiteLLM", sys.executable, "-m", "venv", str(folder / "venv"), cwd=folder)
    _run(
        "LiteLLM was not installed",
        *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "litellm[proxy]"),
        cwd=folder,
    )
    asked = "import sys; from importlib.metadata import version as v; print(v('litellm'), v('uvicorn'), sys.version)"
    litellm, uvicorn, python_version, *_ = _run("LiteLLM", str(python), "-c", asked, cwd=folder).split()
    return f"LiteLLM {litellm} (uvicorn {uvicorn}, Python {python_version})"


def _litellm_command(folder: Path, port: int, upstream_port: int) -> tuple[list[str], dict[str, str]]:
    where = {"model": f"gemini/{MODEL}", "api_key": "bench", "api_base": f"http://127.0.0.1:{upstream_port}"}
    # JSON is YAML.
    config = folder / "config.yaml"
    config.write_text(json.dumps({"model_list": [{"model_name": MODEL, "litellm_params": where}]}))
    argv = [str(folder / "venv/bin/litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    # While it is frozen its processes do not answer each other, and uvicorn would start them anew.
    argv += ["--num_workers", str(WORKERS), "--timeout_worker_healthcheck", "600", "--telemetry", "False"]
    return argv, {
        "LITELLM_MASTER_KEY": KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "GEMINI_API_KEY": "bench",
        "GEMINI_API_BASE": where["api_base"],
    }


def _portkey_install(folder: Path) -> str:
    package = {"private": True, "overrides": {"@hono/node-server": NODE_SERVER}}
    (folder / "package.json").write_text(json.dumps(package))
    try:
        _run("Portkey was not installed", "npm", "install", "--no-audit", "@portkey-ai/gateway@latest", cwd=folder)
        node = _run("Portkey needs Node", "node", "--version", cwd=folder).strip()
    except FileNotFoundError:
        raise BenchError("Portkey needs Node and npm on this machine.") from None
    modules = folder / "node_modules"
    gateway, server = (
        json.loads((modules / name / "package.json").read_text())["version"]
        for name in ("@portkey-ai/gateway", "@hono/node-server")
    )
    return f"Portkey {gateway} (@hono/node-server {server}, Node {node.removeprefix('v')})"


def _portkey_command(folder: Path, port: int, upstream_port: int) -> tuple[list[str], dict[str, str]]:
    script = folder / "cluster.cjs"
    script.write_text(CLUSTER % WORKERS)
    entry = folder / "node_modules/@portkey-ai/gateway/build/start-server.js"
    return ["node", str(script), f"--port={port}", "--headless"], {
        "NODE_ENV": "production",
        "BENCH_GATEWAY": entry.as_uri(),
    }


PEERS = {
    "litellm": Peer(
        label="LiteLLM",
        path="/v1beta/interactions",
        started="Application startup complete",
        install=_litellm_install,
        command=_litellm_command,
        headers=lambda _: {"Authorization": f"Bearer {KEY}"},
    ),
    "portkey": Peer(
        label="Portkey",
        path="/v1/interactions",
        started="Ready for connections",
        install=_portkey_install,
        command=_portkey_command,
        headers=lambda upstream_port: {
            "Authorization": "Bearer bench",
            "x-portkey-provider": "google",
            "x-portkey-custom-host": f"http://127.0.0.1:{upstream_port}/v1beta",
        },
    ),
}


def request_of(peer: Peer, size: Size, upstream_port: int) -> bytes:
    """The call of the SDKs that we get, but for the address and the headers that the peer wants."""
    body = interaction("", size).partition(b"\r\n\r\n")[2]
    lines = [f"POST {peer.path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in peer.headers(upstream_port).items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


@contextlib.contextmanager
def running(name: str, upstream_port: int) -> Iterator[Side]:
    """The newest of a peer, started, as a side that can be measured."""
    peer, folder = PEERS[name], cache(name)
    version = peer.install(folder)
    port = _free_port()
    argv, settings = peer.command(folder, port, upstream_port)
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, cwd=folder, env={**env, **settings}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    root = psutil.Process(process.pid)
    try:
        _wait(peer, process, log)
        yield Side(
            label=peer.label,
            version=version,
            port=port,
            request=lambda size: request_of(peer, size, upstream_port),
            checked=picture_reply,
            processes=lambda: [root, *root.children(recursive=True)],
            spent=lambda: {"all": spent_by([root, *root.children(recursive=True)])},
        )
    finally:
        left = [root, *root.children(recursive=True)] if process.poll() is None else []
        for member in left:
            with contextlib.suppress(psutil.Error):
                member.kill()
        process.wait()


def _wait(peer: Peer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if log.read_text(errors="replace").count(peer.started) >= WORKERS:
            return
        time.sleep(0.3)
    raise BenchError(f"{peer.label} did not start:\n{log.read_text(errors='replace')[-1500:]}")


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port
