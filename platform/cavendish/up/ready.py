"""What a running platform reports: `ready.json` for programs, a text for people."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cavendish.boot.clock import MovedClock
from cavendish.gemini.catalog import models_taken
from cavendish.up.errors import UpError
from cavendish.up.files import write_private

READY_FILE = "ready.json"


@dataclass(frozen=True)
class Ready:
    """Addresses and logins of a running platform. `demo` is what `manage.py demo` printed: operator and tenants."""

    base_url: str
    sandbox_url: str
    data_dir: Path
    demo: dict[str, Any]
    metrics_urls: tuple[str, ...] = ()
    clock: MovedClock | None = None

    @property
    def admin_url(self) -> str:
        return f"{self.base_url}/admin/"

    @property
    def console_url(self) -> str:
        return str(self.demo.get("console_url") or f"{self.base_url}/console/")

    def as_json(self) -> dict[str, Any]:
        return {
            "base_url": self.base_url,
            "admin_url": self.admin_url,
            "console_url": self.console_url,
            "operator": self.demo["operator"],
            "tenants": self.demo["tenants"],
            "sandbox_url": self.sandbox_url,
            "metrics_urls": list(self.metrics_urls),
            "data_dir": str(self.data_dir),
            "clock_moved": self.clock is not None,
            "pid": os.getpid(),
        }

    def write(self) -> None:
        write_private(self.data_dir / READY_FILE, json.dumps(self.as_json(), indent=1) + "\n")

    def text(self, live: bool) -> str:
        """Returns the text for the console. `live` says whether Google is called."""
        operator = self.demo["operator"]
        lines = [
            "",
            f"  API       {self.base_url}/api/v1/docs",
            f"  Console   {self.console_url}",
            f"  Admin     {self.admin_url}   {operator['email']}   {operator['password']}",
            *([f"            key {operator['api_key']}"] if "api_key" in operator else []),
            f"  Upstream  {'Google' if live else f'the sandbox at {self.sandbox_url}, as GEMINI_API_KEYS is not set'}",
            *([f"  Clock     {self.clock.now():%Y-%m-%dT%H:%M:%SZ}, moved: see manage.py clock"] if self.clock else []),
            "",
        ]
        for tenant in self.demo["tenants"]:
            lines += [
                f"  {tenant['slug']:<9} {tenant['email']}   {tenant['password']}",
                f"            live key {tenant['api_key']}",
                f"            test key {tenant['test_api_key']}",
            ]
        return "\n".join([*lines, "", "Your first picture:", "", self.curl(), ""])

    def curl(self) -> str:
        """Returns a request that works when pasted into a shell."""
        body = {"model": models_taken()[0].id, "input": "A nano banana dish in a fancy restaurant"}
        return "\n".join(
            [
                f"  curl {shlex.quote(self.base_url + '/api/v1/generations')} \\",
                f"    -H {shlex.quote('Authorization: Bearer ' + self.demo['tenants'][0]['api_key'])} \\",
                "    -H 'Content-Type: application/json' -H 'Prefer: wait=60' \\",
                f"    -d {shlex.quote(json.dumps(body))}",
            ]
        )


def parse_demo(output: str) -> dict[str, Any]:
    """Returns the JSON object that `manage.py demo` printed. Raises UpError."""
    try:
        demo = json.loads(output[output.index("{") :])
        demo["operator"]["email"], demo["operator"]["password"]
        for tenant in demo["tenants"]:
            tenant["slug"], tenant["api_key"], tenant["test_api_key"], tenant["email"], tenant["password"]
        demo["tenants"][0]
    except (ValueError, KeyError, IndexError, TypeError):
        raise UpError("`manage.py demo` did not print the operator and the tenants as JSON.") from None
    return dict(demo)
