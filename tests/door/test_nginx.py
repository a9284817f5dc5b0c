"""The nginx example has the platform's bounds: its locations are read and compared with the table of path classes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import settings

from cavendish.http.bounded_protocol import ConnectionLimits
from cavendish.http.path_classes import MULTIPART_ROOM, SMALL_BYTES, Body, path_class
from cavendish.up.serve import IDLE_SECONDS
from cavendish.wait.intake import WINDOW_SECONDS
from tests.door.patterns import patterns
from tests.services import ROOT

EXAMPLE = ROOT / "deploy" / "nginx.conf.example"
_TOKEN = re.compile(r"#[^\n]*|'[^']*'|[;{}]|[^\s;{}]+(?:\{\d[^}]*\}[^\s;{}]*)*")
_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3}


@dataclass
class Block:
    """A block of the file: its words, its directives by name, the blocks in it."""

    words: list[str]
    directives: dict[str, list[list[str]]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def value(self, name: str) -> list[str]:
        (words,) = self.directives[name]
        return words

    def named(self, name: str) -> list[Block]:
        return [block for block in self.blocks if block.words[0] == name]


def read() -> Block:
    tokens = (token for token in _TOKEN.findall(EXAMPLE.read_text()) if not token.startswith("#"))
    return _block([], tokens)


def _block(words: list[str], tokens: Iterator[str]) -> Block:
    block = Block(words)
    line: list[str] = []
    for token in tokens:
        if token == "}":
            break
        if token == "{":
            block.blocks.append(_block(line, tokens))
            line = []
        elif token == ";":
            block.directives.setdefault(line[0], []).append(line[1:])
            line = []
        else:
            line.append(token)
    return block


def size(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1].lower()] if text[-1].lower() in _UNITS else int(text)


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.fixture(scope="module")
def server() -> Block:
    """The one that speaks TLS."""
    return read().named("server")[1]


def location(server: Block, path: str) -> Block:
    """As nginx chooses: an exact one, else the first expression that matches, else the longest prefix."""
    locations = server.named("location")
    for block in locations:
        if block.words[1:] == ["=", path]:
            return block
    for block in locations:
        if block.words[1] == "~" and re.search(block.words[2], path):
            return block
    prefixes = [block for block in locations if len(block.words) == 2 and path.startswith(block.words[1])]
    return max(prefixes, key=lambda block: len(block.words[1]))


def body_limit(server: Block, path: str) -> int:
    own = location(server, path).directives.get("client_max_body_size")
    return size(own[0][0] if own else server.value("client_max_body_size")[0])


def test_every_address_takes_as_large_a_body_as_its_class(server: Block) -> None:
    tried: dict[Body, int] = {}
    for path, _ in patterns():
        known = path_class(path)
        limit = body_limit(server, path)
        tried[known.body] = tried.get(known.body, 0) + 1
        if known.body is Body.FILE:
            assert settings.MAX_FILE_BYTES + MULTIPART_ROOM <= limit <= settings.MAX_FILE_BYTES + 2 * 1024**2, path
        elif known.body is Body.REQUEST:
            assert limit == settings.MAX_BODY_BYTES, path
        elif known.page or not path.startswith(("/api/", "/v1", "/openai/", "/upload/")):
            assert limit == SMALL_BYTES, path
        else:
            assert SMALL_BYTES <= limit <= settings.MAX_BODY_BYTES, path
    assert set(tried) == set(Body)


def test_the_choice_of_locations_is_nginxs(server: Block) -> None:
    assert location(server, "/metrics").value("return") == ["404"]
    assert location(server, "/upload/v1beta/files").value("proxy_pass") == ["http://cavendish_uploads"]
    assert location(server, "/api/v1/generations/gen_1/events").value("proxy_buffering") == ["off"]
    assert location(server, "/v1beta/interactions").value("gzip") == ["off"]
    assert body_limit(server, "/anything") == SMALL_BYTES


def test_heads_and_connections_are_bounded_as_in_the_process_itself(server: Block) -> None:
    limits = ConnectionLimits()
    number, each = server.value("large_client_header_buffers")
    assert int(number) * size(each) == limits.head_bytes
    assert seconds(server.value("client_header_timeout")[0]) == limits.head_seconds
    assert seconds(server.value("send_timeout")[0]) == limits.read_seconds
    assert seconds(server.value("client_body_timeout")[0]) == WINDOW_SECONDS
    assert server.directives["limit_conn"] == [
        ["cavendish_addresses", str(limits.per_address)],
        ["cavendish_all", str(limits.open_connections)],
    ]
    zones = {words[1].partition(":")[0] for words in read().directives["limit_conn_zone"]}
    assert zones == {f"zone={name}" for name, _ in server.directives["limit_conn"]}


def test_its_times_fit_the_processes_behind(server: Block) -> None:
    upstream = read().named("upstream")[0]
    assert seconds(upstream.value("keepalive_timeout")[0]) < IDLE_SECONDS
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        assert seconds(server.value(name)[0]) > settings.MAX_WAIT_SECONDS
    assert server.value("proxy_request_buffering") == ["off"]
