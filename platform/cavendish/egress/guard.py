"""The rules for a tenant's URL: its form, its host name, its addresses."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

import httpx
from django.conf import settings

from cavendish.egress.addresses import Address, Network, parse_address, refusal, unwrap
from cavendish.egress.errors import EgressFailed, EgressRefused

Resolver = Callable[[str, int], Sequence[str]]

MAX_URL_CHARS = 2048
PORTS = {"https": 443, "http": 80}
RESOLVE_SECONDS = 5.0
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


@dataclass(frozen=True)
class Target:
    """A URL that passed the rules, and its addresses in the resolver's order. Connect to these only."""

    url: httpx.URL
    host: str
    port: int
    addresses: tuple[Address, ...]


def system_resolver(host: str, port: int) -> Sequence[str]:
    """Returns the addresses by the operating system. Raises OSError when the name is unknown."""
    entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in entries))


class Guard:
    """The rules with their exceptions: `allow` contains networks in CIDR form and exact host names."""

    def __init__(self, allow: Iterable[str] = (), *, resolver: Resolver = system_resolver) -> None:
        self._resolver = resolver
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for entry in allow:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(_normalised(entry))

    @classmethod
    def configured(cls) -> Guard:
        """Returns the guard of this installation, with the exceptions of `EGRESS_ALLOW`."""
        return cls(settings.EGRESS_ALLOW)

    def check_form(self, url: str) -> httpx.URL:
        """Returns the parsed URL after all checks that resolve no name: form, scheme, credentials, port, addresses.

        Raises EgressRefused.
        """
        if len(url) > MAX_URL_CHARS:
            raise EgressRefused(f"The URL is longer than {MAX_URL_CHARS} characters.")
        try:
            parsed = httpx.URL(url)
            host = _normalised(parsed.raw_host.decode("ascii"))
        except (httpx.InvalidURL, UnicodeError):
            raise EgressRefused("This is not a URL.") from None
        if parsed.scheme not in PORTS:
            raise EgressRefused("Only https:// URLs are fetched.")
        if not host:
            raise EgressRefused("The URL names no host.")
        if parse_address(host) is None and not _NAME.fullmatch(host):
            raise EgressRefused("This is not a URL.")
        if parsed.userinfo:
            raise EgressRefused("The URL contains a user name or password; use one without.")
        address = parse_address(host)
        if address is not None:
            self._check_addresses(parsed, host, [address])
        elif host not in self._names:
            if host == "localhost" or host.endswith(".localhost"):
                raise EgressRefused("The host is a loopback address, which is not fetched.")
            # A network may still allow a name that resolves into it, so port and scheme wait for the address.
            if not self._networks:
                self._check_public(parsed)
        return parsed

    def check(self, url: str, *, timeout: float = RESOLVE_SECONDS) -> Target:
        """Returns the target after all checks, its name resolved within `timeout` seconds.

        Raises EgressRefused, or EgressFailed when no address was found in time.
        """
        parsed = self.check_form(url)
        host = _normalised(parsed.raw_host.decode("ascii"))
        port = parsed.port or PORTS[parsed.scheme]
        literal = parse_address(host)
        addresses = [literal] if literal is not None else self._resolve(host, port, timeout)
        self._check_addresses(parsed, host, addresses)
        return Target(parsed, host, port, tuple(addresses))

    def _check_addresses(self, url: httpx.URL, host: str, addresses: Sequence[Address]) -> None:
        if host in self._names or all(self._is_allowed(address) for address in addresses):
            return
        for address in addresses:
            # A forbidden address among public ones is a sign of DNS rebinding, so it refuses the whole name.
            if not self._is_allowed(address) and (kind := refusal(address)):
                raise EgressRefused(f"The host is a {kind} address, which is not fetched.")
        self._check_public(url)

    def _check_public(self, url: httpx.URL) -> None:
        if url.scheme != "https":
            raise EgressRefused("Only https:// URLs are fetched.")
        if url.port not in {None, *PORTS.values()}:
            raise EgressRefused("Only port 443 is allowed.")

    def _is_allowed(self, address: Address) -> bool:
        inner = unwrap(address)
        return any(candidate in network for network in self._networks for candidate in (address, inner))

    def _resolve(self, host: str, port: int, timeout: float) -> list[Address]:
        # getaddrinfo has no time limit and a tenant's name server may never respond, hence a thread to leave behind.
        outcome: list[Sequence[str] | Exception] = []

        def work() -> None:
            try:
                outcome.append(self._resolver(host, port))
            except (OSError, UnicodeError) as error:
                outcome.append(error)

        thread = threading.Thread(target=work, name="egress-resolve", daemon=True)
        thread.start()
        thread.join(max(timeout, 0.0))
        if not outcome or isinstance(outcome[0], Exception):
            raise EgressFailed("The host's name could not be resolved.")
        addresses = [parse_address(text) for text in outcome[0]]
        if not addresses or None in addresses:
            raise EgressFailed("The host's name could not be resolved.")
        return [address for address in addresses if address is not None]


def _normalised(host: str) -> str:
    return host.strip().lower().rstrip(".")


def check_url(url: str) -> None:
    """Checks a tenant's URL by the rules of this installation; its name is resolved now, and again at each request.

    Raises EgressRefused or EgressFailed.
    """
    Guard.configured().check(url)
