from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import MODEL, Create, Server
from tests.sandbox.helpers import modalities, pixels, png

PICTURE = base64.b64decode(png(300, 200))


def start(api: httpx.Client, size: int, mime_type: str = "image/png", **file: Any) -> httpx.Response:
    headers = {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": str(size),
        "X-Goog-Upload-Header-Content-Type": mime_type,
    }
    return api.post("/upload/v1beta/files", headers=headers, json={"file": file})


def send(url: str, raw: bytes, offset: int = 0, command: str = "upload, finalize") -> httpx.Response:
    """As the Python SDK does it: without a key and with a content type that is not the file's."""
    headers = {
        "X-Goog-Upload-Command": command,
        "X-Goog-Upload-Offset": str(offset),
        "Content-Type": "application/json",
    }
    return httpx.post(url, headers=headers, content=raw)


def upload(api: httpx.Client, raw: bytes = PICTURE, mime_type: str = "image/png", **file: Any) -> dict[str, Any]:
    answer = send(start(api, len(raw), mime_type, **file).headers["x-goog-upload-url"], raw)
    assert answer.headers["x-goog-upload-status"] == "final"
    shown: dict[str, Any] = answer.json()["file"]
    return shown


def test_a_file_is_shown_as_google_shows_it(api: httpx.Client, server: Server) -> None:
    file = upload(api, displayName="a cat")
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert file["uri"] == f"{server.url}/v1beta/{file['name']}"
    assert {name: file[name] for name in ("mimeType", "sizeBytes", "displayName", "state", "source", "sha256Hash")} == {
        "mimeType": "image/png",
        "sizeBytes": str(len(PICTURE)),
        "displayName": "a cat",
        "state": "ACTIVE",
        "source": "UPLOADED",
        "sha256Hash": base64.b64encode(digest.encode()).decode(),
    }
    assert api.get(f"/v1beta/{file['name']}").json() == file


def test_chunks_can_be_sent_one_by_one_and_again(api: httpx.Client) -> None:
    url = start(api, len(PICTURE)).headers["x-goog-upload-url"]
    first = send(url, PICTURE[:100], command="upload")
    assert (first.status_code, first.headers["x-goog-upload-status"]) == (200, "active")
    send(url, PICTURE[:100], command="upload")
    state = httpx.post(url, headers={"X-Goog-Upload-Command": "query"})
    assert state.headers["x-goog-upload-size-received"] == "100"
    assert send(url, b"x", offset=500, command="upload").status_code == 400
    file = send(url, PICTURE[100:], offset=100).json()["file"]
    assert api.get(f"/v1beta/{file['name']}:download", params={"alt": "media"}).content == PICTURE


def test_an_upload_has_to_bring_what_it_announced(api: httpx.Client) -> None:
    assert send(start(api, 10).headers["x-goog-upload-url"], PICTURE).status_code == 400
    assert send(start(api, len(PICTURE) + 1).headers["x-goog-upload-url"], PICTURE).status_code == 400
    assert start(api, 3_000_000_000).status_code == 400
    url = start(api, len(PICTURE)).headers["x-goog-upload-url"]
    assert httpx.post(url, headers={"X-Goog-Upload-Command": "cancel"}).status_code == 200
    assert send(url, PICTURE).status_code == 404


@pytest.mark.parametrize("name", ["files/../../etc/passwd", "files/UPPER", "files/-x", "files/" + "x" * 41])
def test_a_bad_name_is_refused(api: httpx.Client, name: str) -> None:
    assert start(api, 1, name=name).status_code == 400


def test_a_name_of_ones_own_is_kept_and_taken_once(api: httpx.Client) -> None:
    assert upload(api, name="files/my-cat")["name"] == "files/my-cat"
    assert start(api, 1, name="files/my-cat").status_code == 409


def test_files_are_listed_in_pages_for_their_key_alone(server: Server) -> None:
    api = server.client("key-of-lists")
    names = [upload(api)["name"] for _ in range(3)]
    first = api.get("/v1/files", params={"pageSize": "2"}).json()
    rest = api.get("/v1/files", params={"pageSize": "2", "pageToken": first["nextPageToken"]}).json()
    assert {file["name"] for file in first["files"] + rest["files"]} == set(names)
    assert "nextPageToken" not in rest
    assert server.client("key-without").get("/v1/files").json() == {"files": []}
    assert server.client("key-without").get(f"/v1/{names[0]}").status_code == 404


def test_a_deleted_file_is_gone(api: httpx.Client) -> None:
    name = upload(api)["name"]
    deleted = api.delete(f"/v1/{name}")
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert api.get(f"/v1/{name}").status_code == 404
    body = {"model": MODEL, "input": [{"type": "image", "uri": name}]}
    assert api.post("/v1/interactions", json=body).status_code == 404


def test_a_picture_is_used_by_its_uri(api: httpx.Client, create: Create) -> None:
    file = upload(api)
    for uri in (file["uri"], file["name"], f"https://elsewhere.example/v1/{file['name']}"):
        interaction = create([{"type": "image", "uri": uri, "mime_type": "image/png"}, {"type": "text", "text": "x"}])
        assert modalities(interaction, "input") == {"text": 1, "image": 258}
        assert pixels(interaction) == (1264, 848)


def test_a_video_is_processed_first_and_counts_by_its_size(api: httpx.Client, create: Create) -> None:
    file = upload(api, b"v" * 2_500_000, "video/mp4")
    assert file["state"] == "PROCESSING"
    input = [{"type": "video", "uri": file["uri"]}, {"type": "text", "text": "x"}]
    early = api.post("/v1/interactions", json={"model": MODEL, "input": input})
    assert (early.status_code, "not in an ACTIVE state" in early.json()["error"]["message"]) == (400, True)
    deadline = time.monotonic() + 5
    while api.get(f"/v1/{file['name']}").json()["state"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert modalities(create(input), "input") == {"text": 1, "video": 900}
