"""Kinds of settings that say where something is: URLs, networks, hosts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from cavendish.boot.declared.kinds import WrongValue
from cavendish.boot.dsn import Dsn
from cavendish.db.address import EXAMPLE, DatabaseUrlInvalid, database_parameters

_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?")
_REDIS = ("redis", "rediss", "valkey", "valkeys", "unix")


def is_host(text: str) -> bool:
    """Returns whether a text is a host's name or address, IPv6 with or without brackets."""
    try:
        ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return len(text) <= 253 and _HOST_NAME.fullmatch(text) is not None
    return True


def _scheme(text: str) -> str:
    """Returns a URL's scheme; empty where the text is none, which may be a password."""
    scheme, found, _ = text.partition("://")
    return scheme.lower() if found and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,19}", scheme) else ""


def _begins(scheme: str) -> str:
    return f"starts with {scheme!r}" if scheme else "is no URL"


def _split(text: str, schemes: tuple[str, ...], right: str) -> SplitResult:
    """Returns the parts of a URL with a host. Messages repeat nothing behind the scheme: a password may stand there."""
    if (scheme := _scheme(text)) not in schemes:
        raise WrongValue(f"{_begins(scheme)}; use {right}.")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise WrongValue(f"has a port or an address that is none; use {right}.") from None
    if port == 0:
        raise WrongValue(f"has the port 0; use {right}.")
    if re.search(r"[\x00-\x20\x7f]", text):
        raise WrongValue(f"has a space or a control character; use {right}.")
    return parts


@dataclass(frozen=True)
class SentryDsn:
    right: str = "a DSN like https://<public key>@sentry.example.com/42"

    def read(self, text: str) -> str:
        try:
            Dsn.of(text)
        except ValueError:
            raise WrongValue(f"is no DSN; use {self.right}.") from None
        return text


@dataclass(frozen=True)
class HttpUrl:
    """An address of a server; with `path`, one below which something else lies."""

    right: str
    path: bool = False

    def read(self, text: str) -> str:
        parts = _split(text, ("http", "https"), self.right)
        if not parts.hostname or not is_host(parts.hostname):
            raise WrongValue(f"names no host; use {self.right}.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise WrongValue(f"has more than a host, a port and a path; use {self.right}.")
        if parts.path.strip("/") and not self.path:
            raise WrongValue(f"has the path {parts.path!r}; use {self.right}.")
        return text


@dataclass(frozen=True)
class DatabaseUrl:
    right: str = f"a URL like {EXAMPLE}"

    def read(self, text: str) -> str:
        try:
            database_parameters("", text)
        except DatabaseUrlInvalid as error:
            raise WrongValue(str(error).strip()) from None
        return text


@dataclass(frozen=True)
class QueueUrl:
    """Where messages wait: Valkey or Redis, and RabbitMQ too unless `amqp` is off."""

    right: str
    amqp: bool = True

    def read(self, text: str) -> str:
        parts = _split(text, (*_REDIS, *(("amqp", "amqps") if self.amqp else ())), self.right)
        if parts.scheme == "unix":
            if not parts.path:
                raise WrongValue(f"names no socket; use {self.right}.")
            return text
        if not parts.hostname:
            raise WrongValue(f"names no host; use {self.right}.")
        if parts.scheme in _REDIS and not re.fullmatch(r"/?[0-9]*", parts.path):
            raise WrongValue(f"has the database {parts.path[1:21]!r}, which is no number; use {self.right}.")
        return text


@dataclass(frozen=True)
class ObjectsUrl:
    right: str = "file:///path or s3://bucket/prefix"

    def read(self, text: str) -> str:
        if (scheme := _scheme(text)) not in {"file", "s3"}:
            raise WrongValue(f"{_begins(scheme)}; use {self.right}.")
        parts = urlsplit(text)
        if scheme == "file":
            if parts.netloc or not unquote(parts.path).startswith("/"):
                raise WrongValue("is no absolute path; use file:///path, with three slashes.")
            return text
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", parts.netloc):
            raise WrongValue("names no bucket; use s3://bucket/prefix?endpoint_url=…&region_name=….")
        for name, value in parse_qsl(parts.query, keep_blank_values=True):
            if name == "endpoint_url":
                HttpUrl("endpoint_url=https://host", path=True).read(value)
        return text


@dataclass(frozen=True)
class Network:
    right: str = "addresses and networks like 10.2.0.0/16"

    def read(self, text: str) -> str:
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise WrongValue from None
        return text


@dataclass(frozen=True)
class NetworkOrHost:
    right: str = "networks like 10.2.0.0/16 and host names"

    def read(self, text: str) -> str:
        if "/" in text:
            return Network().read(text)
        if not is_host(text) or (re.fullmatch(r"[0-9.]+", text) and not _is_address(text)):
            raise WrongValue
        return text


@dataclass(frozen=True)
class NetworkOrAll:
    """uvicorn's list of proxies: addresses, networks, and * for all."""

    right: str = "addresses and networks like 10.2.0.0/16, or *"

    def read(self, text: str) -> str:
        return text if text == "*" else Network().read(text)


@dataclass(frozen=True)
class Host:
    """A name or an address to listen on."""

    right: str = "an address like 127.0.0.1 or 0.0.0.0"

    def read(self, text: str) -> str:
        if not is_host(text):
            raise WrongValue
        return text


@dataclass(frozen=True)
class HostPattern:
    """A name as Django's ALLOWED_HOSTS has them: a leading dot stands for all names below."""

    right: str = "host names without a port, like images.example.com"

    def read(self, text: str) -> str:
        if text != "*" and not is_host(text.removeprefix(".")):
            raise WrongValue
        return text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
