"""The bytes of outputs and files: validators, ranges, signatures."""

from __future__ import annotations

import hashlib
import time
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.accounts import Account, Json, noise, picture


@pytest.fixture(scope="module")
def made(reader: Account) -> Json:
    return reader.make()


@pytest.fixture(scope="module")
def output(made: Json) -> Json:
    [only] = made["outputs"]
    return dict(only)


def fetch(account: Account, url: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Without a key."""
    answer = account.http.request(
        method, url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    assert answer.status_code < 500
    return answer


def test_the_headers_of_the_bytes(reader: Account, output: Json, made: Json) -> None:
    answer = fetch(reader, output["url"])
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == output["sha256"]
    headers = answer.headers
    assert (headers["content-type"], headers["content-length"]) == ("image/png", str(output["bytes"]))
    assert (headers["etag"], headers["accept-ranges"]) == (f'"{output["sha256"]}"', "bytes")
    # The address is the permission, so a CDN may keep the bytes too; what a key reads is its own.
    assert headers["cache-control"] == "public, max-age=3600, immutable"
    assert reader.get(urlsplit(output["url"]).path).headers["cache-control"] == "private, max-age=3600, immutable"
    assert headers["content-disposition"] == f'inline; filename="{output["id"]}.png"'
    assert headers["x-content-type-options"] == "nosniff"
    assert f"/g/{made['id']}?" in headers["link"]
    assert 'rel="describedby"' in headers["link"]
    assert not [name for name in headers if name.startswith("x-cavendish")]


def test_head_tells_without_sending(reader: Account, output: Json) -> None:
    answer = fetch(reader, output["url"], "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(output["bytes"])


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", -7, None), ("bytes=5-99999999", 5, None)],
)
def test_a_range(reader: Account, output: Json, asked: str, start: int, end: int | None) -> None:
    whole = fetch(reader, output["url"]).content
    answer = fetch(reader, output["url"], range=asked)
    assert (answer.status_code, answer.content) == (206, whole[start:end])
    first = start if start >= 0 else len(whole) + start
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(whole)}"


@pytest.mark.parametrize("asked", ["bytes=9-5", "lines=1-2", "bytes=0-1,5-6", "bytes=x"])
def test_a_range_that_means_nothing_gets_the_whole(reader: Account, output: Json, asked: str) -> None:
    assert fetch(reader, output["url"], range=asked).status_code == 200


def test_a_range_outside_is_416(reader: Account, output: Json) -> None:
    answer = fetch(reader, output["url"], range="bytes=99999999-")
    assert answer.headers["content-range"] == f"bytes */{output['bytes']}"
    reader.refused(answer, 416, "range_not_satisfiable")


def test_what_the_client_has_is_not_sent_again(reader: Account, output: Json) -> None:
    for tag in (f'"{output["sha256"]}"', f'"x", W/"{output["sha256"]}"', "*"):
        assert fetch(reader, output["url"], if_none_match=tag).status_code == 304
    assert fetch(reader, output["url"], if_none_match='"x"').status_code == 200
    resumed = fetch(reader, output["url"], range="bytes=1-", if_range=f'"{output["sha256"]}"')
    changed = fetch(reader, output["url"], range="bytes=1-", if_range='"x"')
    assert (resumed.status_code, changed.status_code) == (206, 200)


@pytest.mark.parametrize("accept", ["image/png", "image/avif,image/webp", "text/html"])
def test_the_bytes_are_what_they_are_whatever_is_accepted(reader: Account, output: Json, accept: str) -> None:
    answer = fetch(reader, output["url"], accept=accept)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def test_a_key_reads_without_a_signature_and_nobody_else_does(reader: Account, other: Account, output: Json) -> None:
    path = f"/api/v1/outputs/{output['id']}/content"
    assert reader.get(path).status_code == 200
    reader.refused(fetch(reader, path), 401, "not_authenticated", None, None, "signed URL")
    other.refused(other.get(path), 404, "not_found")
    scopeless = reader.key(scopes=["generate"])
    reader.refused(scopeless.get(path), 403, "permission_denied", None, None, '"read"')


def test_the_signature_is_the_last_parameter_and_expires(output: Json) -> None:
    parameters = [pair.partition("=") for pair in urlsplit(output["url"]).query.split("&")]
    assert [name for name, _, _ in parameters] == ["expires", "signature"]
    expires = int(parameters[0][2])
    assert time.time() + 3000 < expires < time.time() + 3600 + 300
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires))
    assert output["url_expires_at"] == at


@pytest.mark.parametrize(
    "tamper",
    [
        lambda url, foreign: url[:-1] + ("A" if url[-1] != "A" else "B"),
        lambda url, foreign: url[:-4],
        lambda url, foreign: url + "x",
        lambda url, foreign: url + "&download=1",
        lambda url, foreign: url.replace("?", "?download=1&"),
        lambda url, foreign: url.replace("expires=1", "expires=2"),
        lambda url, foreign: url.replace("expires=", "expires=0"),
        lambda url, foreign: url.replace("expires=", "expires=1&expires="),
        lambda url, foreign: url.replace("&signature=", "&signature=x&signature="),
        lambda url, foreign: url.partition("?")[0] + "?signature=" + url.partition("&signature=")[2],
        lambda url, foreign: url.partition("?")[0] + "?expires=9999999999&signature=",
        lambda url, foreign: url.partition("&signature=")[0] + "&signature=%C3%A9",
        lambda url, foreign: url.partition("&signature=")[0] + "&signature=\u0663",
        # another picture's signature
        lambda url, foreign: url.partition("?")[0] + "?" + foreign.partition("?")[2],
        lambda url, foreign: foreign.partition("?")[0] + "?" + url.partition("?")[2],
    ],
)
def test_a_signature_covers_the_path_and_all_parameters(
    reader: Account, output: Json, foreign_url: str, tamper: object
) -> None:
    assert callable(tamper)
    answer = fetch(reader, tamper(output["url"], foreign_url))
    reader.refused(answer, 403, "signature_invalid", None, None, "expired")


@pytest.fixture(scope="module")
def foreign_url(reader: Account) -> str:
    return str(reader.make(input="another")["outputs"][0]["url"])


def test_a_page_signature_does_not_open_the_bytes(reader: Account, output: Json, made: Json) -> None:
    query = urlsplit(made["page_url"]).query
    answer = fetch(reader, f"/api/v1/outputs/{output['id']}/content?{query}")
    reader.refused(answer, 403, "signature_invalid")


def test_an_uploaded_file_comes_back_as_it_was(account: Account) -> None:
    data = noise(400)  # more than Django keeps in memory
    file = account.file(data)
    assert file == {
        "id": file["id"],
        "object": "file",
        "name": "x.png",
        "source": "upload",
        "mime_type": "image/png",
        "width": 400,
        "height": 400,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "created_at": file["created_at"],
        "expires_at": file["expires_at"],
    }
    answer = account.get(f"/api/v1/files/{file['id']}/content")
    assert (answer.content, answer.headers["etag"]) == (data, f'"{file["sha256"]}"')
    assert "link" not in answer.headers
    assert account.get(f"/api/v1/files/{file['id']}").json() == file
    assert fetch(account, f"/api/v1/files/{file['id']}/content").status_code == 401
    assert len(account.trace.objects) == 1
    assert account.delete(f"/api/v1/files/{file['id']}").status_code == 204
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        account.refused(account.ask(method, f"/api/v1/files/{file['id']}{path}"), 404, "not_found")
    assert account.trace.objects == frozenset()
    assert account.books.spooled() == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("日本.png", "日本.png"), ("../../etc/passwd.png", "passwd.png"), ("a" * 600 + ".png", "a" * 251 + ".png")],
)
def test_a_files_name_is_a_name_and_no_path(account: Account, sent: str, kept: str) -> None:
    assert account.upload(name=sent).json()["name"] == kept


def test_the_type_is_that_of_the_bytes_where_none_is_claimed(account: Account) -> None:
    for data, expected in ((picture(format="JPEG"), "image/jpeg"), (picture(format="WEBP"), "image/webp")):
        assert account.upload(data, "application/octet-stream").json()["mime_type"] == expected


CROSS = ("access-control-allow-origin", "cross-origin-resource-policy", "access-control-expose-headers")


def test_scripts_of_every_origin_read_signed_bytes(reader: Account, output: Json) -> None:
    origin = "https://app.example.com"
    tag = f'"{output["sha256"]}"'
    answers = [
        fetch(reader, output["url"], origin=origin),
        fetch(reader, output["url"], "HEAD", origin=origin),
        fetch(reader, output["url"], origin=origin, range="bytes=0-9"),
        fetch(reader, output["url"], origin=origin, if_none_match=tag),
        fetch(reader, output["url"] + "x", origin=origin),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 206, 304, 403]
    for answer in answers:
        assert [answer.headers[name] for name in CROSS[:2]] == ["*", "cross-origin"]
        assert "Content-Range" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
    asked = fetch(
        reader,
        output["url"],
        "OPTIONS",
        origin=origin,
        access_control_request_method="GET",
        access_control_request_headers="if-none-match,range",
    )
    assert (asked.status_code, asked.content) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == "*"
    assert asked.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "If-None-Match" in asked.headers["access-control-allow-headers"]


def test_bytes_that_need_a_key_are_not_for_scripts_of_others(reader: Account, output: Json) -> None:
    answer = reader.get(f"/api/v1/outputs/{output['id']}/content", headers={"Origin": "https://app.example.com"})
    assert answer.status_code == 200
    assert not [name for name in CROSS if name in answer.headers]
