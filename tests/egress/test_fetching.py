from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from cavendish.egress import EgressFailed, EgressRefused, EgressTooLarge, Fetched, Guard, fetch
from tests.egress.conftest import PICTURE, Names, Origin


def get(url: str, spool: Path, names: Names, *, allow: str = "127.0.0.0/8", max_bytes: int = 10**6) -> Fetched:
    guard = Guard([allow], resolver=names)
    return fetch(url, spool=spool, max_bytes=max_bytes, accept=("image/",), timeout=5, guard=guard)


@pytest.fixture
def names() -> Names:
    return Names({"pictures.example": [["127.0.0.1"]], "internal.example": [["10.0.0.1"]]})


def test_streams_into_the_spool_with_hash_and_type(origin: Origin, names: Names, tmp_path: Path) -> None:
    fetched = get(f"http://pictures.example:{origin.port}/a.png?x=1", tmp_path / "new", names)

    assert fetched.path.read_bytes() == PICTURE
    assert fetched.size == len(PICTURE)
    assert fetched.sha256 == hashlib.sha256(PICTURE).hexdigest()
    assert fetched.content_type == "image/png"
    assert origin.seen == [("/a.png?x=1", f"pictures.example:{origin.port}")]


def test_connects_to_the_address_that_was_judged(origin: Origin, tmp_path: Path) -> None:
    # A rebinding name: allowed when it is looked up first, elsewhere at any later look.
    names = Names({"rebind.example": [["127.0.0.1"], ["10.0.0.1"]]})

    assert get(f"http://rebind.example:{origin.port}/", tmp_path, names).size == len(PICTURE)
    assert names.calls == ["rebind.example"]


def test_a_second_address_is_tried_when_the_first_refuses(origin: Origin, tmp_path: Path) -> None:
    names = Names({"two.example": [["127.0.0.2", "127.0.0.1"]]})

    assert get(f"http://two.example:{origin.port}/", tmp_path, names).size == len(PICTURE)


def test_loopback_is_refused_without_an_exception(origin: Origin, names: Names, tmp_path: Path) -> None:
    with pytest.raises(EgressRefused):
        get(f"https://pictures.example:{origin.port}/", tmp_path, names, allow="other.example")
    assert origin.seen == []


@pytest.mark.parametrize(
    "location",
    [
        "http://internal.example/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "file:///etc/passwd",
        "//internal.example/x",
        "http://user:pw@pictures.example/",
    ],
)
def test_redirects_are_judged_again(origin: Origin, names: Names, tmp_path: Path, location: str) -> None:
    with pytest.raises(EgressRefused):
        get(f"http://pictures.example:{origin.port}/redirect?{location}", tmp_path, names)
    assert len(origin.seen) == 1
    assert list(tmp_path.iterdir()) == []


def test_redirect_from_an_allowed_name_to_loopback_is_refused(origin: Origin, names: Names, tmp_path: Path) -> None:
    # The name is allowed, the address it leads to is not.
    with pytest.raises(EgressRefused, match="loopback"):
        get(
            f"http://pictures.example:{origin.port}/redirect?http://127.0.0.1:{origin.port}/",
            tmp_path,
            names,
            allow="pictures.example",
        )
    assert len(origin.seen) == 1


def test_three_redirects_are_followed_and_four_are_not(origin: Origin, names: Names, tmp_path: Path) -> None:
    three = "/redirect?" * 3 + "/a.png"
    assert get(f"http://pictures.example:{origin.port}{three}", tmp_path, names).size == len(PICTURE)
    assert len(origin.seen) == 4
    with pytest.raises(EgressFailed, match="more than 3 times"):
        get(f"http://pictures.example:{origin.port}/redirect?{three}", tmp_path, names)


def test_a_relative_redirect_stays_on_its_host(origin: Origin, names: Names, tmp_path: Path) -> None:
    get(f"http://pictures.example:{origin.port}/redirect?/b.png", tmp_path, names)

    assert origin.seen[1] == ("/b.png", f"pictures.example:{origin.port}")


@pytest.mark.parametrize("path", ["/a.png", "/endless"])
def test_size_is_limited_with_and_without_a_length(origin: Origin, names: Names, tmp_path: Path, path: str) -> None:
    with pytest.raises(EgressTooLarge) as caught:
        get(f"http://pictures.example:{origin.port}{path}", tmp_path, names, max_bytes=len(PICTURE) - 1)
    assert caught.value.limit == len(PICTURE) - 1
    assert list(tmp_path.iterdir()) == []


def test_the_exact_size_is_taken(origin: Origin, names: Names, tmp_path: Path) -> None:
    assert get(f"http://pictures.example:{origin.port}/", tmp_path, names, max_bytes=len(PICTURE)).size == len(PICTURE)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/missing", "status 404"),
        ("/page", "text/html"),
        ("/gzip", "compressed"),
        ("/cut", "broke off"),
        ("/not-http", "not HTTP"),
        ("/redirect?http://[::1", "not a URL"),
    ],
)
def test_bad_answers_fail_and_leave_nothing(
    origin: Origin, names: Names, tmp_path: Path, path: str, words: str
) -> None:
    with pytest.raises(EgressFailed, match=words):
        get(f"http://pictures.example:{origin.port}{path}", tmp_path, names)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/drip", "/slow-head"])
def test_a_dripping_answer_ends_at_the_whole_timeout(origin: Origin, names: Names, tmp_path: Path, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(EgressFailed, match="in time"):
        fetch(
            f"http://pictures.example:{origin.port}{path}",
            spool=tmp_path,
            max_bytes=10**6,
            accept=("image/",),
            timeout=0.4,
            guard=Guard(["127.0.0.0/8"], resolver=names),
        )
    assert time.monotonic() - started < 2
    assert list(tmp_path.iterdir()) == []


def test_a_closed_port_fails(names: Names, tmp_path: Path) -> None:
    with pytest.raises(EgressFailed, match="could not be reached"):
        get("http://pictures.example:1/", tmp_path, names)


def test_the_proxy_of_the_environment_is_not_used(
    origin: Origin, names: Names, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert get(f"http://pictures.example:{origin.port}/", tmp_path, names).size == len(PICTURE)


def test_accept_may_be_a_function(origin: Origin, names: Names, tmp_path: Path) -> None:
    content_types: list[str] = []

    def nothing(content_type: str) -> bool:
        content_types.append(content_type)
        return False

    guard = Guard(["127.0.0.0/8"], resolver=names)
    with pytest.raises(EgressFailed):
        fetch(
            f"http://pictures.example:{origin.port}/",
            spool=tmp_path,
            max_bytes=10**6,
            accept=nothing,
            timeout=5,
            guard=guard,
        )
    assert content_types == ["image/png"]
