"""Files through the official SDK, and the resumable protocol under it."""

from __future__ import annotations

import base64
import hashlib
import io
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.utils import timezone
from google import genai
from google.genai import errors

from accounts.models import ApiKey
from generations.models import File
from tests.api.accounts import FLASH, SMALL, Account, noise, picture, uuid_of
from tests.services import Running


def step(account: Account, url: str, command: str, data: bytes = b"", offset: int | None = None) -> httpx.Response:
    """A later call of an upload as the Python SDK makes it: without a key, and with a type that is none."""
    parts = urlsplit(url)
    headers = {"X-Goog-Upload-Command": command, "Content-Type": "application/json"}
    if offset is not None:
        headers["X-Goog-Upload-Offset"] = str(offset)
    return account.http.post(f"{parts.path}?{parts.query}", content=data, headers=headers)


def start(account: Account, size: int | None = None, body: Any = None, **headers: str) -> httpx.Response:
    given = {
        "x-goog-api-key": account.secret,
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        **({} if size is None else {"X-Goog-Upload-Header-Content-Length": str(size)}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return account.http.post("/upload/v1beta/files", json=body or {}, headers=given)


def begun(account: Account, size: int | None = None, **options: Any) -> str:
    answer = start(account, size, **options)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-goog-upload-status"] == "active"
    return answer.headers["x-goog-upload-url"]


def refused(answer: httpx.Response, status: int, words: str, upload_status: str | None = "final") -> None:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == status
    assert words in error["message"]
    assert answer.headers.get("x-goog-upload-status") == upload_status


def parts_of(platform: Running) -> set[str]:
    return {path.name for path in (platform.data_dir / "spool" / "uploads").glob("*")}


def test_upload_use_and_delete(client: genai.Client, account: Account, tmp_path: Path) -> None:
    """20 MB: several chunks of 8 MiB."""
    path = tmp_path / "noise.png"
    path.write_bytes(noise(2600))
    file = client.files.upload(file=str(path), config={"display_name": "Noise"})
    data = path.read_bytes()
    assert file.name is not None
    assert file.uri == f"{account.books.running.url}/v1beta/{file.name}"
    assert (file.mime_type, file.size_bytes, file.display_name) == ("image/png", len(data), "Noise")
    assert base64.b64decode(file.sha256_hash or "").decode() == hashlib.sha256(data).hexdigest()
    assert (file.state, file.source) == ("ACTIVE", "UPLOADED")
    assert file.expiration_time is not None
    assert file.create_time is not None
    assert abs((file.expiration_time - file.create_time).total_seconds() - 48 * 3600) < 60
    assert client.files.get(name=file.name) == file
    assert client.files.download(file=file.name) == data
    interactions: Any = client.interactions
    for block in (
        {"type": "image", "uri": file.uri, "mime_type": file.mime_type},
        {"type": "image", "uri": file.name},
        {"type": "image", "uri": file.uri.replace("/v1beta/", "/v1/"), "mime_type": "image/jpeg"},
    ):
        made = interactions.create(model=FLASH, input=[{"type": "text", "text": "edit"}, block], response_format=SMALL)
        assert made.status == "completed"
        assert made.usage.input_tokens_by_modality[-1].tokens >= 258
    client.files.delete(name=file.name)
    with pytest.raises(errors.ClientError, match="404"):
        client.files.get(name=file.name)
    with pytest.raises(Exception, match="404"):
        interactions.create(model=FLASH, input=[{"type": "image", "uri": file.uri}])
    assert account.trace.files == 0


def test_the_name_survives_what_the_sdks_do_to_an_https_address(client: genai.Client, account: Account) -> None:
    """They read `[a-z0-9]+` behind `files/`, whoever the host is."""
    file = client.files.upload(file=io.BytesIO(picture()), config={"mime_type": "image/png"})
    assert file.name is not None
    assert client.files.get(name=f"https://images.example.com/v1beta/{file.name}").name == file.name
    native = "file_" + file.name.removeprefix("files/")
    assert client.files.get(name=native).name == file.name
    assert account.get(f"/api/v1/files/{native}").json()["expires_at"]


def test_pages(client: genai.Client, account: Account) -> None:
    made = []
    for _ in range(5):
        file = client.files.upload(file=io.BytesIO(picture()), config={"mime_type": "image/png"})
        made.append(file.name)
    assert [file.name for file in client.files.list(config={"page_size": 2})] == made[::-1]
    headers = {"x-goog-api-key": account.secret}
    last = account.http.get("/v1/files?pageSize=5", headers=headers).json()
    assert len(last["files"]) == 5
    assert "nextPageToken" not in last
    assert "nextPageToken" in account.http.get("/v1/files?pageSize=4", headers=headers).json()
    refused(account.http.get("/v1/files?pageSize=-1", headers=headers), 400, "pageSize", None)
    refused(account.http.get("/v1/files?pageToken=x", headers=headers), 400, "pageToken", None)


def test_a_name_of_ones_own_is_found_everywhere_until_it_is_deleted(
    client: genai.Client, account: Account, other: Account
) -> None:
    own: Any = {"name": "my-cat", "mime_type": "image/png"}
    file = client.files.upload(file=io.BytesIO(picture()), config=own)
    assert file.name == "files/my-cat"
    assert client.files.get(name="my-cat").uri == file.uri
    assert [found.name for found in client.files.list()] == ["files/my-cat"]
    for uri in (file.uri, "files/my-cat"):
        interactions: Any = client.interactions
        made = interactions.create(
            model=FLASH, input=[{"type": "image", "uri": uri}, {"type": "text", "text": "a hat"}], response_format=SMALL
        )
        assert made.status == "completed"
    with pytest.raises(errors.ClientError, match="already"):
        client.files.upload(file=io.BytesIO(picture()), config=own)
    assert account.trace.files == 1
    # Others, and the same tenant's test keys, have names of their own.
    headers = {"x-goog-api-key": other.secret}
    assert account.http.get("/v1/files/my-cat", headers=headers).status_code == 404
    assert start(other, 10, body={"file": {"name": "my-cat"}}).status_code == 200
    assert start(account.key(livemode=False), 10, body={"file": {"name": "my-cat"}}).status_code == 200
    client.files.delete(name="files/my-cat")
    assert client.files.upload(file=io.BytesIO(picture()), config=own).name == "files/my-cat"


def test_of_two_uploads_of_one_name_the_first_that_ends_has_it(account: Account) -> None:
    data = picture()
    urls = [begun(account, len(data), body={"file": {"name": "files/twice"}}) for _ in range(2)]
    answers = [step(account, url, "upload, finalize", data) for url in urls]
    assert [answer.status_code for answer in answers] == [200, 400]
    assert "already" in answers[1].text
    assert account.trace.files == 1


def test_no_files_at_all(account: Account) -> None:
    assert account.http.get("/v1/files", headers={"x-goog-api-key": account.secret}).json() == {"files": []}


def test_a_wrong_type_is_corrected(client: genai.Client) -> None:
    file = client.files.upload(file=io.BytesIO(picture(format="JPEG")), config={"mime_type": "image/png"})
    assert file.mime_type == "image/jpeg"


def test_chunks_queries_and_answers_that_were_lost(platform: Running, account: Account) -> None:
    data = noise(100)
    url = begun(account, len(data), body={"file": {"displayName": "x"}})
    before = parts_of(platform)
    assert step(account, url, "query").headers["x-goog-upload-size-received"] == "0"
    answer = step(account, url, "upload", data[:10_000], 0)
    assert (answer.status_code, answer.headers["x-goog-upload-status"]) == (200, "active")
    # the answer was lost: the same chunk comes again, and then one that reaches further
    assert step(account, url, "upload", data[:10_000], 0).headers["x-goog-upload-size-received"] == "10000"
    assert step(account, url, "upload", data[5_000:12_000], 5_000).headers["x-goog-upload-size-received"] == "12000"
    refused(step(account, url, "upload", data[13_000:], 13_000), 400, "X-Goog-Upload-Offset: 12000", None)
    assert step(account, url, "query").headers["x-goog-upload-size-received"] == "12000"
    final = step(account, url, "upload, finalize", data[12_000:], 12_000)
    assert (final.status_code, final.headers["x-goog-upload-status"]) == (200, "final")
    file = final.json()["file"]
    assert (file["sizeBytes"], file["displayName"]) == (str(len(data)), "x")
    # and the last chunk comes again
    again = step(account, url, "upload, finalize", data[12_000:], 12_000)
    assert (again.headers["x-goog-upload-status"], again.json()["file"]) == ("final", file)
    assert account.trace.files == 1
    assert parts_of(platform) - before == set()
    headers = {"x-goog-api-key": account.secret}
    assert account.http.get(f"/v1/{file['name']}:download?alt=media", headers=headers).content == data


def test_finalize_by_itself(account: Account) -> None:
    url = begun(account)
    assert step(account, url, "upload", picture(), 0).status_code == 200
    assert step(account, url, "finalize").json()["file"]["mimeType"] == "image/png"


def test_cancel(platform: Running, account: Account) -> None:
    url = begun(account, 1000)
    step(account, url, "upload", bytes(500), 0)
    before = parts_of(platform)
    answer = step(account, url, "cancel")
    assert (answer.status_code, answer.headers["x-goog-upload-status"]) == (200, "cancelled")
    assert len(before - parts_of(platform)) == 1
    left = parts_of(platform)
    for command in ("query", "upload", "upload, finalize"):
        refused(step(account, url, command, picture(), 0), 404, "start another")
    assert step(account, url, "cancel").headers["x-goog-upload-status"] == "cancelled"
    assert parts_of(platform) == left
    assert account.trace.files == 0


def test_what_is_no_picture_is_refused_at_once(client: genai.Client, platform: Running, account: Account) -> None:
    """A refusal without X-Goog-Upload-Status would be tried three times more, for seven seconds."""
    began, before = time.monotonic(), parts_of(platform)
    with pytest.raises(errors.ClientError, match="no picture or video"):
        client.files.upload(file=io.BytesIO(b"hello"), config={"mime_type": "image/png"})
    assert time.monotonic() - began < 1
    assert parts_of(platform) == before
    assert account.trace.files == 0


def test_refusals_at_the_start(account: Account) -> None:
    refused(start(account, 3 * 1024**3), 413, "2147483648 bytes")
    refused(start(account, body={"file": {"sizeBytes": str(3 * 1024**3)}}), 413, "2147483648 bytes")
    refused(start(account, 0), 400, "empty")
    refused(start(account, X_Goog_Upload_Header_Content_Length="many"), 400, "whole number")
    for name in ("files/Mine", "a_b", "-a", "a-", "files/", "x" * 41, "0" * 32):
        refused(start(account, body={"file": {"name": name}}), 400, "lower-case")
    refused(start(account, body={"file": {"name": 7.5}}), 400, "file.name: name is 7.5; it takes a string.")
    refused(start(account, X_Goog_Upload_Protocol="multipart"), 400, "multipart/related")
    refused(start(account, X_Goog_Upload_Command=""), 400, "resumable")
    refused(start(account.key(scopes=["read"]), 10), 403, "files")
    nobody = Account(account.books, account.http, account.tenant, "")
    refused(start(nobody, 10), 401, "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([1], "It takes an object like"),
        ("x", "It takes an object like"),
        ({"foo": 1}, "foo: There is no such field; known are file"),
        ({"file": 5}, "file is 5; it takes an object"),
        ({"file": {"dispalyName": "x"}}, "file.dispalyName: There is no such field; did you mean displayName?"),
        ({"file": {"displayName": ["x"]}}, "file.displayName: displayName is a list; it takes a string."),
        ({"file": {"mime_type": True}}, "it takes a string"),
        ({"file": {"sizeBytes": True}}, "whole number of bytes"),
    ],
)
def test_a_description_that_is_none_is_refused(account: Account, body: Any, words: str) -> None:
    refused(start(account, body=body), 400, words)


def test_a_description_may_be_that_of_a_file_that_was_read(account: Account) -> None:
    body: Any = {"file": {"display_name": "x", "sizeBytes": "100", "state": "ACTIVE", "uri": None, "videoMetadata": {}}}
    begun(account, body=body)
    begun(account, body={"file": None})


def test_refusals_on_the_way(platform: Running, account: Account) -> None:
    before = parts_of(platform)
    small = begun(account, 100)
    refused(step(account, small, "upload", bytes(101), 0), 413, "100 bytes")
    refused(step(account, small, ""), 400, "X-Goog-Upload-Command")
    refused(step(account, small, "upload", b"", -1), 400, "whole number")
    refused(step(account, small[:-40] + "&upload_protocol=resumable", "query"), 404, "")
    refused(step(account, small.replace("upload_id=", "upload_id=x"), "query"), 404, "")
    refused(step(account, small, "upload, finalize", bytes(50), 0), 400, "50 of 100")
    refused(step(account, small, "query"), 404, "start another")
    step(account, small, "cancel")
    assert parts_of(platform) == before


def test_a_key_that_was_revoked_brings_no_more_bytes(account: Account) -> None:
    url = begun(account, 100)
    with account.books.open():
        ApiKey.objects.filter(tenant_id=account.tenant.id).update(revoked_at=timezone.now())
    refused(step(account, url, "upload", bytes(100), 0), 401, "no longer valid")


def test_another_tenants_file_is_not_there(client: genai.Client, other: Account) -> None:
    file = client.files.upload(file=io.BytesIO(picture()), config={"mime_type": "image/png"})
    headers = {"x-goog-api-key": other.secret}
    for method, path in (("GET", file.name), ("DELETE", file.name), ("GET", f"{file.name}:download")):
        refused(other.http.request(method, f"/v1/{path}", headers=headers), 404, "", None)
    body = {"model": FLASH, "input": [{"type": "image", "uri": file.uri}]}
    assert other.http.post("/v1/interactions", json=body, headers=headers).status_code == 404


def test_the_tenant_says_how_long_files_are_kept(client: genai.Client, account: Account) -> None:
    with account.books.open():
        account.tenant.input_retention_days = 7
        account.tenant.save(update_fields=["input_retention_days"])
    file = client.files.upload(file=io.BytesIO(picture()), config={"mime_type": "image/png"})
    with account.books.open():
        row = File.objects.get(id=uuid_of("file_" + (file.name or "").removeprefix("files/")))
    assert row.expires_at is not None
    assert round((row.expires_at - row.created_at).total_seconds() / 86400, 2) == 7
