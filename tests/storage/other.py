"""An S3 server that is not ours: s3rver from npm, which keeps its buckets in a folder."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cavendish.up.ports import LOCAL, accepts, free_port
from tests.compat.node import installed
from tests.crash.sites import until

PACKAGE = Path(__file__).parent / "js"
LOGIN = {"AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER"}


@contextmanager
def s3rver(folder: Path, *buckets: str) -> Iterator[str]:
    """Its address. Skips the test where there is no Node, and fails it in CI."""
    modules, port = installed(PACKAGE), free_port(0)
    package = modules / "s3rver"
    program = package / json.loads((package / "package.json").read_text())["bin"]["s3rver"]
    command = ["node", str(program), "--directory", str(folder), "--address", LOCAL, "--port", str(port), "--silent"]
    for name in buckets:
        command += ["--configure-bucket", name]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(lambda: accepts(LOCAL, port), 30, "s3rver")
        yield f"http://{LOCAL}:{port}"
    finally:
        process.terminate()
        process.wait(10)
