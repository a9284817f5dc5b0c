"""The stand-in for Stripe as a server: routes, forms, pages, idempotency keys.

`python -m tests.billing.providers.stripe_http` serves until its standard input is closed; it prints its port.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.billing.providers.stripe_server import Answer, Json, StripeServer, refused

BROKEN = {"error": {"type": "api_error", "message": "Something went wrong."}}


def _customers(stripe: StripeServer, params: Json) -> Json:
    return stripe.new("customer", "cus", name=params.get("name"), metadata=params.get("metadata", {}))


def _methods(stripe: StripeServer, params: Json) -> Json:
    token = params["card"]["token"]
    return stripe.method({"tok_visa": "pm_card_visa"}.get(token, token))


def _attach(stripe: StripeServer, params: Json, name: str) -> Json:
    method = stripe.method(name)
    if method["customer"] not in {None, params["customer"]}:
        raise refused("resource_already_exists", "The payment method is attached to another customer.")
    method["customer"] = params["customer"]
    stripe.event("payment_method.attached", method)
    return method


def _detach(stripe: StripeServer, params: Json, name: str) -> Json:
    method = stripe.things[name]
    if method["customer"] is None:
        raise refused("payment_method_not_attached", "The payment method is not attached to a customer.")
    method["customer"] = None
    stripe.event("payment_method.detached", method)
    return method


def _intents(stripe: StripeServer, params: Json) -> Json:
    intent = stripe.intent_new(params)
    if params.get("confirm") == "true":
        stripe.confirm(intent)
    return intent


def _cancel(stripe: StripeServer, params: Json, name: str) -> Json:
    intent = stripe.things[name]
    if intent["status"] in {"succeeded", "processing", "canceled"}:
        raise refused("payment_intent_unexpected_state", f"It is {intent['status']}.")
    intent["status"] = "canceled"
    stripe.event("payment_intent.canceled", intent)
    return intent


def _sessions(stripe: StripeServer, params: Json) -> Json:
    intent: Json = {}
    if params["mode"] == "payment":
        price = params["line_items"]["0"]["price_data"]
        intent = {"amount": price["unit_amount"], "currency": price["currency"], "customer": params["customer"],
                  "metadata": params["payment_intent_data"]["metadata"]}  # fmt: skip
        assert int(params["expires_at"]) >= time.time() + 30 * 60
    made = stripe.new(
        "checkout.session", "cs", mode=params["mode"], customer=params["customer"], status="open", _intent=intent,
        metadata=params.get("metadata", {}), payment_intent=None, setup_intent=None,
    )  # fmt: skip
    made["url"] = f"https://checkout.stripe.example/c/pay/{made['id']}"
    return made


def _expire(stripe: StripeServer, params: Json, name: str) -> Json:
    if stripe.things[name]["status"] != "open":
        raise refused("", 'Only Checkout Sessions with a status in ["open"] can be expired.')
    stripe.expire(name)
    return stripe.things[name]


def _refunds(stripe: StripeServer, params: Json) -> Json:
    return stripe.refund(params["payment_intent"], int(params["amount"]) if "amount" in params else None)


CREATED: dict[str, Callable[..., Json]] = {
    r"/v1/customers": _customers,
    r"/v1/payment_methods": _methods,
    r"/v1/payment_methods/(\w+)/attach": _attach,
    r"/v1/payment_methods/(\w+)/detach": _detach,
    r"/v1/payment_intents": _intents,
    r"/v1/payment_intents/(\w+)/cancel": _cancel,
    r"/v1/checkout/sessions": _sessions,
    r"/v1/checkout/sessions/(\w+)/expire": _expire,
    r"/v1/refunds": _refunds,
}
LISTED = {
    "/v1/payment_intents": ("payment_intent", {"customer"}), "/v1/refunds": ("refund", {"payment_intent", "charge"}),
    "/v1/disputes": ("dispute", {"payment_intent", "charge"}),
}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    stripe: StripeServer
    hang_seconds = 3.0
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        path, query = urlsplit(self.path).path, _tree(parse_qsl(urlsplit(self.path).query))
        self._answer("GET", path, query)

    def do_DELETE(self) -> None:
        self._answer("DELETE", urlsplit(self.path).path, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self._answer("POST", urlsplit(self.path).path, _tree(parse_qsl(body, keep_blank_values=True)))

    def _answer(self, method: str, path: str, params: Json) -> None:
        key = self.headers.get("Idempotency-Key", "")
        stripe = self.stripe
        stripe.asked.append((method, path, params, key))
        fault = self._fault(path)
        if fault == "before":
            self._send(500, BROKEN)
            return
        with stripe.lock:
            status, body = self._kept(method, path, params, key, broken=fault == "after")
        if fault == "hang":
            time.sleep(self.hang_seconds)
        self._send(status, body)

    def _fault(self, path: str) -> str:
        with self.stripe.lock:
            for fault in self.stripe.faults:
                if fault.times and re.fullmatch(fault.path, path):
                    fault.times -= 1
                    return fault.how
        return ""

    def _kept(self, method: str, path: str, params: Json, key: str, *, broken: bool) -> tuple[int, Json]:
        """The answer, the same for the same key: an error 500 after it was done stays one."""
        if not key or method != "POST":
            return self._done(method, path, params)
        said = json.dumps([path, params], sort_keys=True)
        if key in self.stripe.answers:
            before, status, body = self.stripe.answers[key]
            if before != said:
                return 400, {"error": {"type": "idempotency_error", "message": "Keys are for the same parameters."}}
            return status, body
        status, body = self._done(method, path, params)
        if broken:
            status, body = 500, BROKEN
        self.stripe.answers[key] = (said, status, json.loads(json.dumps(body)))
        return status, body

    def _done(self, method: str, path: str, params: Json) -> tuple[int, Json]:
        if self.headers.get("Authorization") != f"Bearer {self.stripe.key}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}}
        try:
            return 200, self._made(path, params) if method == "POST" else self._read(path, params)
        except Answer as answer:
            return answer.status, answer.body

    def _made(self, path: str, params: Json) -> Json:
        for pattern, act in CREATED.items():
            if match := re.fullmatch(pattern, path):
                return _shown(act(self.stripe, params, *match.groups()))
        raise refused("", f"Unrecognized request URL (POST: {path}).", 404)

    def _read(self, path: str, params: Json) -> Json:
        if path == "/v1/events":
            since = int(params.get("created", {}).get("gte", 0))
            return self._page([one for one in self.stripe.events if one["created"] >= since], path, params)
        if path in LISTED:
            kind, filters = LISTED[path]
            wanted = {name: value for name, value in params.items() if name in filters}
            found = [one for one in self.stripe.all(kind) if all(one[name] == value for name, value in wanted.items())]
            return self._page(found, path, params)
        thing = self.stripe.things.get(path.rsplit("/", 1)[1])
        if thing is None:
            raise refused("resource_missing", "No such object.", 404)
        shown = _shown(thing)
        for way in (params.get("expand") or {}).values():
            at = shown
            for name in way.split("."):
                if isinstance(at.get(name), str):
                    at[name] = _shown(self.stripe.things[at[name]])
                at = at.get(name) or {}
        return shown

    def _page(self, found: list[Json], path: str, params: Json) -> Json:
        newest_first, limit = found[::-1], int(params.get("limit", 10))
        names = [one["id"] for one in newest_first]
        start = names.index(params["starting_after"]) + 1 if "starting_after" in params else 0
        page = newest_first[start : start + limit]
        more = len(newest_first) > start + limit
        return {"object": "list", "url": path, "data": [_shown(one) for one in page], "has_more": more}

    def _send(self, status: int, body: Json) -> None:
        data = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True


def _shown(thing: Json) -> Json:
    return {name: value for name, value in thing.items() if not name.startswith("_")}


def _tree(pairs: list[tuple[str, str]]) -> Json:
    """`card[token]=x` as {"card": {"token": "x"}}; lists by their numbers."""
    tree: Json = {}
    for name, value in pairs:
        *ways, last = re.findall(r"[^\[\]]+", name)
        at = tree
        for way in ways:
            at = at.setdefault(way, {})
        at[last] = value
    return tree


@contextmanager
def served(stripe: StripeServer) -> Iterator[str]:
    """The address at which it answers."""
    handler = type("Handler", (_Handler,), {"stripe": stripe})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        threading.Thread(target=http.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{http.server_address[1]}"
        finally:
            http.shutdown()


def main() -> None:
    with served(StripeServer()) as url:
        sys.stdout.write(f"{url.rpartition(':')[2]}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
