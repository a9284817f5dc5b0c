"""Uploads of one request, JSONL under any name, and names of files in any encoding."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from google import genai

from tests.api.accounts import FLASH, Account, picture
from tests.compat.test_files import begun, parts_of, refused, step
from tests.services import Running

UPLOAD = "/upload/v1beta/files"
RELATED = {"Content-Type": 'multipart/related; boundary="b b"'}
PROTOCOLS: dict[str, dict[str, str]] = {
    f"{UPLOAD}?uploadType=multipart": RELATED,
    "/upload/v1/files": {**RELATED, "X-Goog-Upload-Protocol": "multipart"},
    "/upload/v1alpha/files": RELATED,
}


def related(data: bytes, description: Any = None, *, kind: str = "image/png", end: bytes = b"\r\n--b b--") -> bytes:
    """As the JavaScript library of 2024 writes it."""
    head = f"--b b\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{json.dumps(description or {})}\r\n--b b\r\n"
    return f"{head}Content-Type: {kind}\r\n\r\n".encode() + data + end


def post(account: Account, path: str, data: bytes, **headers: str) -> httpx.Response:
    given = {"x-goog-api-key": account.secret, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return account.http.post(path, content=data, headers=given)


def file_of(answer: httpx.Response) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["x-goog-upload-status"]) == (200, "final"), answer.text
    file: dict[str, Any] = answer.json()["file"]
    return file


def bytes_of(account: Account, file: dict[str, Any]) -> bytes:
    headers = {"x-goog-api-key": account.secret}
    return account.http.get(f"/v1/{file['name']}:download?alt=media", headers=headers).content


DISPLAY_NAME = 'Teil 1/2 \\ "日本"'
# What looks like the end of a part, or of the body.
TRICKY = picture() + b"\r\n\r\n--b\r\n--b \r\n" + b"x" * 300_000 + b"\r\n"


@pytest.mark.parametrize("path", PROTOCOLS)
@pytest.mark.parametrize("data", [picture(), TRICKY], ids=["small", "tricky"])
def test_a_description_and_bytes_in_one_request(account: Account, path: str, data: bytes) -> None:
    description = {"file": {"name": "files/mine", "displayName": DISPLAY_NAME, "mimeType": "image/jpeg"}}
    for body in (related(data, description), b"before\r\n" + related(data, description, end=b"\r\n--b b--\r\nafter")):
        file = file_of(post(account, path, body, **PROTOCOLS[path]))
        shown = file["name"], file["displayName"], file["mimeType"], file["sizeBytes"]
        assert shown == ("files/mine", DISPLAY_NAME, "image/png", str(len(data)))
        assert "downloadUri" not in file
        assert bytes_of(account, file) == data
        assert account.http.delete("/v1/files/mine", headers={"x-goog-api-key": account.secret}).status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"), [(UPLOAD, {"X-Goog-Upload-Protocol": "raw"}), (f"{UPLOAD}?uploadType=media", {})]
)
def test_the_bytes_alone(account: Account, path: str, headers: dict[str, str]) -> None:
    data = picture(format="JPEG")
    own = {"Content-Type": "image/jpeg", "X-Goog-Upload-File-Name": "C:\\x/a.jpg", **headers}
    file = file_of(post(account, path, data, **own))
    assert (file["displayName"], file["mimeType"], bytes_of(account, file)) == ("a.jpg", "image/jpeg", data)
    packed = file_of(post(account, path, gzip.compress(data), Content_Encoding="gzip", **own))
    assert bytes_of(account, packed) == data


def test_a_repetition_with_its_key_makes_no_second_file(account: Account) -> None:
    for body, headers in ((related(picture()), RELATED), (picture(), {"X-Goog-Upload-Protocol": "raw"})):
        keyed = {**headers, "Idempotency-Key": f"upload {len(body)}"}
        first, again = (post(account, UPLOAD, body, **keyed) for _ in range(2))
        assert file_of(again) == file_of(first)
        assert again.headers["idempotent-replayed"] == "true"


def test_what_is_wrong_with_them_leaves_nothing(account: Account, platform: Running) -> None:
    before = parts_of(platform)
    multipart = {**RELATED, "X-Goog-Upload-Protocol": "multipart"}
    whole = related(picture())
    for wrong, words in (
        (b"", "two parts"),
        (b"--b b--", "two parts"),
        (whole[:60], "two parts"),
        (whole[:-7], "nothing behind"),
        (whole.replace(b"\r\n", b"\n"), "two parts"),
        (whole.replace(b"{}", b"{"), "not JSON"),
        (whole.replace(b"{}", b'{"file": {"sizeBytes": "7"}}'), "7 bytes"),
        (whole.replace(b"Content-Type: image/png", b"Content-Transfer-Encoding: base64"), "Transfer-Encoding"),
        (related(b"hello"), "picture or video"),
        (related(b""), "empty"),
    ):
        answer = post(account, UPLOAD, wrong, **multipart)
        refused(answer, 413 if words == "7 bytes" else 400, words)
    refused(
        post(account, UPLOAD, whole, **{**multipart, "Content-Type": "multipart/form-data; boundary=b"}), 400, "related"
    )
    refused(post(account, UPLOAD, b"", X_Goog_Upload_Protocol="raw"), 400, "empty")
    refused(post(account, UPLOAD, picture(), Content_Type="image/png"), 400, "raw")
    assert parts_of(platform) == before
    assert account.trace.files == 0


LINE = json.dumps({"key": "a", "request": {"contents": [{"parts": [{"text": "x"}]}]}}) + "\n"


@pytest.mark.parametrize("name", ["requests.json", "requests.txt", "requests"])
def test_jsonl_is_known_by_its_bytes(client: genai.Client, tmp_path: Path, name: str) -> None:
    """As Google's notebook on batches uploads it: the library calls it application/json."""
    path = tmp_path / name
    for text in (
        LINE,
        f"\N{ZERO WIDTH NO-BREAK SPACE}\n{LINE}{LINE}",
        '{"request": {"text": "' + "x" * 1100_000 + '"}}',
    ):
        path.write_text(text, encoding="utf-8")
        file = client.files.upload(
            file=str(path), config=None if name.endswith(("json", "txt")) else {"mime_type": "x/y"}
        )
        assert file.mime_type == "application/jsonl"
        assert file.size_bytes == path.stat().st_size
    for text in ('{"contents": []}\n', '{\n  "request": {}\n}', "{", '{"request": 1}'):
        path.write_text(text)
        with pytest.raises(Exception, match="JSONL"):
            client.files.upload(file=str(path), config={"mime_type": "application/json"})
    path.write_text(LINE, encoding="utf-16")
    with pytest.raises(Exception, match="UTF-8"):
        client.files.upload(file=str(path), config={"mime_type": "application/jsonl"})


def test_the_native_api_knows_it_too(account: Account) -> None:
    kept = account.post("/api/v1/files", files={"file": ("a.json", LINE.encode(), "application/json")})
    assert (kept.status_code, kept.json()["mime_type"]) == (201, "application/jsonl")
    other = account.post("/api/v1/files", files={"file": ("a.json", b"[1]", "application/json")})
    assert "application/jsonl" in other.json()["detail"]


def name_header(raw: bytes) -> dict[str, Any]:
    return {"X-Goog-Upload-File-Name": raw}


NAMES = [
    ("TÜR 日本.png".encode(), "TÜR 日本.png"),
    ("TÜR ñ.png".encode("latin-1"), "TÜR ñ.png"),
    ("€ – œ.png".encode("cp1252"), "€ – œ.png"),
]


@pytest.mark.parametrize(("raw", "name"), NAMES)
def test_names_keep_their_letters(account: Account, raw: bytes, name: str) -> None:
    url = begun(account, None, **name_header(raw))
    assert step(account, url, "upload, finalize", picture(), 0).json()["file"]["displayName"] == name
    head = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="'
        + raw
        + b'"\r\nContent-Type: image/png\r\n\r\n'
    )
    body = head + picture() + b"\r\n--b--\r\n"
    kept = account.post("/api/v1/files", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert (kept.status_code, kept.json()["name"]) == (201, name)


def test_a_file_is_found_by_its_whole_address(client: genai.Client, account: Account) -> None:
    file = client.files.upload(file=io.BytesIO(picture()), config={"mime_type": "image/png"})
    assert (file.uri or "").startswith("http://")
    assert client.files.get(name=file.uri or "").name == file.name
    assert client.files.download(file=file.uri or "") == picture()
    client.files.delete(name=file.uri or "")
    assert account.trace.files == 0


@pytest.mark.parametrize("model", [FLASH, "text-embedding-004", "imagen-4.0-generate-001"])
@pytest.mark.parametrize("method", ["embedContent", "batchEmbedContents", "predictLongRunning", "x"])
def test_methods_that_models_do_not_have_are_404(account: Account, model: str, method: str) -> None:
    answer = post(account, f"/v1beta/models/{model}:{method}", b"{}")
    refused(answer, 404, f"models/{model} is not found for API version v1beta, or is not supported for {method}.", None)
    assert answer.json()["error"]["status"] == "NOT_FOUND"
    refused(post(account, f"/v1/models/{FLASH}:predict", b"{}"), 404, "not supported for predict", None)
