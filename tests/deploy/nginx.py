"""nginx with the example file of deploy/, on ports of this test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cavendish.up.ports import LOCAL, accepts, free_port
from tests.up.certificates import certificate

NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
EXAMPLE = Path(__file__).parents[2] / "deploy" / "nginx.conf.example"


@contextmanager
def nginx(folder: Path, ports: Sequence[int], *, port: int = 0, idle_seconds: int = 8) -> Iterator[str]:
    """The address of an nginx with TLS before the web processes at the ports; only paths and ports are changed.

    And, for whoever replaces those processes in less time, how long it keeps idle connections to them.
    """
    assert NGINX
    proof, port = certificate(folder), free_port(port)
    text = EXAMPLE.read_text()
    for example, own in zip((8001, 8002), ports, strict=True):
        text, found = re.subn(rf"{LOCAL}:{example}\b", f"{LOCAL}:{own}", text)
        assert found
    for old, new in (
        ("listen 80;", f"listen {LOCAL}:{free_port(0)};"),
        ("listen 443 ssl", f"listen {LOCAL}:{port} ssl"),
        ("/etc/ssl/images.example.com/fullchain.pem", str(proof.file)),
        ("/etc/ssl/images.example.com/key.pem", str(proof.key)),
        ("/var/log/nginx/", f"{folder}/"),
        ("keepalive_timeout 8s;", f"keepalive_timeout {idle_seconds}s;"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n{user}"
        f"events {{ worker_connections 1024; }}\nhttp {{\n{kept}include {folder}/site.conf;\n}}\n"
    )
    process = subprocess.Popen([NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        for _ in range(100):
            if accepts(LOCAL, port):
                break
            time.sleep(0.05)
        yield f"https://{LOCAL}:{port}"
    finally:
        process.terminate()
        process.wait(10)
