"""A platform on a moved clock: three months in seconds, over a new year, and nothing is lost or counted twice."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.services import Running

pytestmark = pytest.mark.slow

YEAR = (datetime.now(UTC) + timedelta(days=2)).year
"""Its thirtieth of December is still to come, so that the data of the template is older."""
START = datetime(YEAR, 12, 30, 12, tzinfo=UTC)

COMPANY = {"name": "Cavendish", "address": "Plantation Row 1", "invoice_prefix": "EX-{year}-", "is_default": True}


@pytest.fixture
def trial() -> Iterator[Running]:
    running = Running({"CAVENDISH_CLOCK": START.isoformat(), "WORKERS": "1"})
    yield running
    running.remove()


class Trial:
    """Its operator and its first tenant, over HTTP."""

    def __init__(self, running: Running) -> None:
        self.running = running
        tenant = running.ready["tenants"][0]
        self.operator = running.ready["operator"]["api_key"]
        self.live, self.test = tenant["api_key"], tenant["test_api_key"]
        self.id = self.read("/tenant")["id"]

    def call(self, key: str, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
        return httpx.request(method, f"{self.running.url}/api/v1{path}", headers=headers, timeout=60, **options)

    def read(self, path: str) -> Any:
        return self.call(self.live, "GET", path).json()

    def write(self, path: str, body: dict[str, Any], method: str = "POST") -> Any:
        answer = self.call(self.operator, method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def picture(self, words: str = "A banana", *, key: str = "", wait: int = 60) -> httpx.Response:
        body = {"model": "gemini-3.1-flash-image", "input": words}
        return self.call(key or self.live, "POST", "/generations", json=body, headers={"Prefer": f"wait={wait}"})

    def advance(self, to: str) -> datetime:
        said = self.running.manage("clock", "advance", "--to", to)
        return datetime.fromisoformat(said.strip())

    def invoices(self) -> dict[str, dict[str, Any]]:
        return {invoice["month"]: invoice for invoice in self.read("/invoices")["data"]}


class Owing:
    """A tenant that pays its invoices later, and does not."""

    ADDRESS = "books@late.example.com"

    def __init__(self, site: Trial) -> None:
        self.site = site
        dunning = {"remind_after_days": [3], "suspend_after_days": 17}
        site.write("/plans", {"slug": "later", "name": "Later", "dunning": dunning})
        self.id = site.write("/tenants", {"slug": "late", "name": "Late", "plan": "later"})["id"]
        site.write(f"/tenants/{self.id}/wallet", {"credit_limit": "10.00"}, "PATCH")
        profile = {"payment_terms_days": 7, "emails": [self.ADDRESS]}
        site.write(f"/tenants/{self.id}/billing-profile", profile, "PATCH")
        policy = site.read("/tenant")["policy"]["version"]
        site.write(f"/tenants/{self.id}/policy-acceptance", {"version": policy, "accepted_by": "Ada"})
        self.live, self.test = (
            site.write(f"/tenants/{self.id}/keys", {"name": "Key", "livemode": livemode})["secret"]
            for livemode in (True, False)
        )
        assert site.picture(key=self.live).json()["status"] == "succeeded"

    def tries(self) -> tuple[int, int]:
        live, test = (self.site.picture(key=key, wait=0).status_code for key in (self.live, self.test))
        return live, test

    def mails(self) -> list[str]:
        texts = [path.read_text() for path in sorted((self.site.running.data_dir / "mail").iterdir())]
        subjects = [re.findall(r"^Subject: ([A-Za-z ]+)", text, re.M) for text in texts if self.ADDRESS in text]
        return [subject for found in subjects for subject in found if not subject.startswith("Invoice")]

    def pays(self) -> None:
        found = self.site.call(self.site.operator, "GET", f"/invoices?tenant_id={self.id}").json()["data"]
        [invoice] = [one for one in found if one["number"]]
        body = {"amount": invoice["amount_left"], "received_on": invoice["due_on"], "reference": "wire 1"}
        self.site.write(f"/invoices/{invoice['id']}/payments", body)


def until(done: Any, seconds: float = 20) -> Any:
    ends = time.monotonic() + seconds
    while not (value := done()):
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.2)
    return value


def test_three_months_over_a_new_year(trial: Running) -> None:
    site = Trial(trial)
    site.write("/legal-entities", COMPANY)
    owing = Owing(site)
    site.write(
        f"/tenants/{site.id}/credits",
        {"amount": "5.00", "expires_at": f"{YEAR + 1}-01-15T00:00:00Z", "reason": "Welcome"},
    )  # fmt: skip
    first = site.picture().json()
    assert datetime.fromisoformat(first["created_at"]) >= START

    # a job that runs while the clock is moved ends once, on its first attempt
    slow = site.picture("[[latency:4]] A slow one", wait=0).json()["id"]
    reached = site.advance(f"{YEAR + 1}-01-01T07:00:00Z")
    assert timedelta() <= reached - datetime(YEAR + 1, 1, 1, 7, tzinfo=UTC) < timedelta(seconds=40)
    ended = site.read(f"/generations/{slow}")
    assert (ended["status"], ended["attempts"]) == ("succeeded", 1)

    december = until(lambda: (found := site.invoices().get(f"{YEAR}-12")) and found["number"] and found)
    assert december["number"] == f"EX-{YEAR + 1}-000001"
    assert december["issued_on"] == f"{YEAR + 1}-01-01"

    site.picture()
    site.advance(f"{YEAR + 1}-02-01T07:00:00Z")
    kinds = [entry["kind"] for entry in site.read("/ledger")["data"]]
    assert "expiry" in kinds
    assert owing.tries() == (403, 202)  # suspended since 25 January: seven days to pay, then 17 more
    assert until(lambda: len(owing.mails()) == 2)
    assert sorted(owing.mails()) == ["Live API keys are suspended", "Reminder"]
    owing.pays()
    assert until(lambda: owing.tries() == (202, 202))
    january = until(lambda: (found := site.invoices().get(f"{YEAR + 1}-01")) and found["number"] and found)
    assert january["number"] == f"EX-{YEAR + 1}-000003"  # the other tenant has the second

    # killed and started again, it is where it was
    trial.stop()
    trial.start()
    site = Trial(trial)
    assert datetime.fromisoformat(trial.manage("clock", "show").strip()) > datetime(YEAR + 1, 2, 1, 7, tzinfo=UTC)
    assert "goes on" in trial.output.read_text()
    seen = trial.manage(
        "shell", "-v0", "-c",
        "from django.utils import timezone; from django.db import connections; c = connections['default'].cursor();"
        "c.execute('SELECT now()'); print(timezone.now().date(), c.fetchone()[0].date())",
    )  # fmt: skip
    assert seen.split() == [f"{YEAR + 1}-02-01"] * 2

    with pytest.raises(subprocess.CalledProcessError) as refused:
        site.advance(f"{YEAR}-12-31T00:00:00Z")
    assert "never goes back" in refused.value.stderr
    trial.manage("reconcile")  # it would not end with 0 if anything differed
