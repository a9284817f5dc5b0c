"""Clients that send jobs of all kinds, as impatient ones do: they try again, with the same Idempotency-Key."""

from __future__ import annotations

import hashlib
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

FLASH = "gemini-3.1-flash-image"
KINDS = ("wait", "poll", "stream", "interaction", "cancel", "test_mode", "grounded", "large", "batch", "fault")
FAULTS = (
    "[[fault:429 times=1 retry_after=1]]", "[[fault:500 times=1]]", "[[fault:500]]", "[[cut times=1]]", "[[safety]]",
    "[[no_image]]", "[[bad_json times=1]]", "[[latency:2.5]]", "[[latency:6]]", "[[images:2]]",
)  # fmt: skip
HONEST = {503, 507, 502, 504, 429}
"""What a client may be told while something is away. A 500 is never right."""


def _in_progress(answer: httpx.Response) -> bool:
    """The first request under this key still runs, though its connection broke: asked again it will have an answer."""
    return answer.status_code == httpx.codes.CONFLICT and answer.json()["code"] == "idempotency_in_progress"


@dataclass
class Told:
    """What clients were told."""

    accepted: dict[str, str] = field(default_factory=dict)
    """Kind of each generation whose acceptance was answered, by its id."""
    sent: dict[str, str] = field(default_factory=dict)
    """The id that came for each Idempotency-Key; "" where no answer came until the end."""
    batches: dict[str, int] = field(default_factory=dict)
    """Items of each accepted batch."""
    wrong: list[str] = field(default_factory=list)
    """Answers that should never have come."""
    away: Counter[str] = field(default_factory=Counter)
    """Refusals and broken connections, which clients must expect."""
    lock: threading.Lock = field(default_factory=threading.Lock)


class Load:
    """`clients` threads that send until `stop()`, each job to one of `urls`; `marker` stands in every prompt."""

    def __init__(
        self, urls: Sequence[str], tenants: list[dict[str, Any]], *, marker: str, seed: int, clients: int
    ) -> None:
        self.urls, self.tenants, self.marker = urls, tenants, marker
        self.told = Told()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(seed * 1000 + number),), daemon=True)
            for number in range(clients)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, *, patience: float = 90) -> None:
        """No new jobs; those whose answer never came are asked for once more, for as long as `patience`."""
        self._over.set()
        until = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, rng: random.Random) -> None:
        while not self._over.is_set():
            kind = rng.choice(KINDS)
            tenant = rng.choice(self.tenants)
            key = tenant["test_api_key" if kind == "test_mode" else "api_key"]
            url, headers = rng.choice(self.urls), {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=url, headers=headers, timeout=45) as client:
                _SENDERS.get(kind, _send_job)(self, client, rng, kind)

    def prompt(self, rng: random.Random, words: str = "") -> str:
        return f"{self.marker} {secrets.token_hex(4)} a {rng.choice(('red', 'blue', 'green'))} boat {words}".strip()

    def ask(self, client: httpx.Client, method: str, path: str, **options: Any) -> httpx.Response | None:
        """Asks until there is an answer that is none of an outage, each time any machine. None after a minute."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                answer = client.request(method, random.choice(self.urls) + path, **options)
            except httpx.HTTPError as error:
                self.note_away(type(error).__name__)
            else:
                if answer.status_code not in HONEST and not _in_progress(answer):
                    if answer.status_code >= 500:
                        self.note_wrong(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
                    return answer
                self.note_away(str(answer.status_code))
                if not answer.headers.get("retry-after", "1").isdigit():
                    self.note_wrong(f"{method} {path}: Retry-After {answer.headers['retry-after']!r}")
            time.sleep(0.3)
        return None

    def note_away(self, what: str) -> None:
        with self.told.lock:
            self.told.away[what] += 1

    def note_wrong(self, what: str) -> None:
        with self.told.lock:
            self.told.wrong.append(what)

    def accept(self, client: httpx.Client, kind: str, body: dict[str, Any], wait: int = 0) -> str | None:
        """Posts a generation under a key of its own, until it is answered, and returns its id."""
        name = secrets.token_hex(12)
        with self.told.lock:
            self.told.sent[name] = ""
        headers = {"Idempotency-Key": name, **({"Prefer": f"wait={wait}"} if wait else {})}
        answer = self.ask(client, "POST", "/api/v1/generations", json=body | {"metadata": {"n": name}}, headers=headers)
        if answer is None:
            return None
        if answer.status_code not in {200, 202}:
            self.note_wrong(f"POST generations ({kind}): {answer.status_code} {answer.text[:300]}")
            return None
        made = str(answer.json()["id"])
        with self.told.lock:
            self.told.sent[name] = made
            self.told.accepted[made] = kind
        return made


def _send_job(load: Load, client: httpx.Client, rng: random.Random, kind: str) -> None:
    words = {"fault": rng.choice(FAULTS), "cancel": "[[latency:4]]"}.get(kind, "")
    body: dict[str, Any] = {"model": FLASH, "input": load.prompt(rng, words)}
    if kind == "large":
        body["response_format"] = {"type": "image", "image_size": "4K"}
    if kind == "grounded":
        body["tools"] = [{"type": "google_search"}]
    if kind == "fault":
        body["deadline"] = 60
    made = load.accept(client, kind, body, wait=rng.choice((5, 20)) if kind in {"wait", "grounded", "large"} else 0)
    if made is None:
        return
    if kind == "cancel":
        time.sleep(rng.uniform(0, 2))
        load.ask(
            client, "POST", f"/api/v1/generations/{made}/cancel", headers={"Idempotency-Key": secrets.token_hex(8)}
        )
    elif kind == "stream":
        _follow(load, client, made)
    elif kind == "poll":
        for _ in range(20):
            answer = load.ask(client, "GET", f"/api/v1/generations/{made}")
            if answer is None or answer.json()["status"] not in {"queued", "running"}:
                _fetch(load, client, answer)
                break
            time.sleep(0.5)


def _fetch(load: Load, client: httpx.Client, job: httpx.Response | None) -> None:
    """The pictures by their signed addresses, which are good at every machine, whichever made them."""
    for output in job.json()["outputs"] if job is not None else ():
        signed = urlsplit(output["url"])
        answer = load.ask(client, "GET", f"{signed.path}?{signed.query}")
        if answer is not None and hashlib.sha256(answer.content).hexdigest() != output["sha256"]:
            load.note_wrong(f"GET {signed.path}: {answer.status_code} with another hash {answer.text[:200]}")


def _follow(load: Load, client: httpx.Client, made: str) -> None:
    """Reads the job's events to its end, and goes on from the last one where the connection breaks."""
    last, until = "", time.monotonic() + 60
    while time.monotonic() < until:
        headers = {"Last-Event-ID": last} if last else {}
        try:
            with client.stream("GET", f"/api/v1/generations/{made}/events", headers=headers) as stream:
                for line in stream.iter_lines():
                    if line.startswith("id:"):
                        last = line.removeprefix("id:").strip()
                    if line.startswith("data:") and json.loads(line.removeprefix("data:")).get("status") in {
                        "succeeded", "failed", "canceled",
                    }:  # fmt: skip
                        return
            if stream.status_code == httpx.codes.OK:
                return
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            load.note_away(type(error).__name__)
        time.sleep(0.3)


def _send_interaction(load: Load, client: httpx.Client, rng: random.Random, kind: str) -> None:
    """As Google's SDK asks. A broken connection may leave a job that nobody was told of: it must end all the same."""
    body = {"model": FLASH, "input": load.prompt(rng), "stream": False}
    try:
        answer = client.post("/v1beta/interactions", json=body)
    except httpx.HTTPError as error:
        load.note_away(type(error).__name__)
        return
    if answer.status_code == httpx.codes.OK:
        with load.told.lock:
            load.told.accepted[answer.json()["id"]] = kind
    elif answer.status_code not in HONEST:
        load.note_wrong(f"POST interactions: {answer.status_code} {answer.text[:300]}")
    else:
        load.note_away(str(answer.status_code))


def _send_batch(load: Load, client: httpx.Client, rng: random.Random, kind: str) -> None:
    count = rng.randint(2, 5)
    items = [{"request": {"model": FLASH, "input": load.prompt(rng)}} for _ in range(count)]
    key = {"Idempotency-Key": secrets.token_hex(12)}
    answer = load.ask(client, "POST", "/api/v1/batches", json={"items": items}, headers=key)
    if answer is not None and answer.is_success:
        with load.told.lock:
            load.told.batches[answer.json()["id"]] = count
    elif answer is not None:
        load.note_wrong(f"POST batches: {answer.status_code} {answer.text[:300]}")


_SENDERS: dict[str, Callable[[Load, httpx.Client, random.Random, str], None]] = {
    "interaction": _send_interaction, "batch": _send_batch,
}  # fmt: skip
