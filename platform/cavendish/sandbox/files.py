"""Uploaded files on disk: `<id>.json` beside `<id>.bin`; an upload in progress is `<id>.upload` and `<id>.part`."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from cavendish.sandbox import media
from cavendish.sandbox.contents import Json, KnownFile
from cavendish.sandbox.errors import ApiError
from cavendish.sandbox.records import remove_older, write_json
from cavendish.sandbox.times import moment

LIMIT = 2_000_000_000
KEPT_SECONDS = 48 * 3600.0
VIDEO_PROCESSING_SECONDS = 1.0
"""A video is PROCESSING for a moment, as Google's are."""

_ID = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_CHUNK = 1024 * 1024


class Files:
    """The files and uploads of all keys below one folder. Methods raise ApiError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        remove_older(folder, KEPT_SECONDS)

    def start(self, owner: str, *, name: str, display_name: str, mime_type: str, size: int | None) -> str:
        """Starts an upload and returns its id. `size` is None where the client does not know it."""
        id = name.removeprefix("files/") or secrets.token_hex(6)
        if not _ID.fullmatch(id):
            raise ApiError(400, "A file's name takes 1 to 40 of a-z, 0-9 and dashes, with no dash at either end.")
        if self._path(id, "json").exists():
            raise ApiError(409, f"File {id} already exists.")
        if size is not None and size > LIMIT:
            raise ApiError(400, f"The file of {size} bytes is larger than the limit of {LIMIT} bytes.")
        upload = f"{id}.{secrets.token_hex(16)}"
        about = {"owner": owner, "id": id, "display_name": display_name, "mime_type": mime_type, "size": size}
        write_json(self._path(upload, "upload"), about)
        self._path(upload, "part").write_bytes(b"")
        return upload

    def received(self, upload: str) -> int:
        """Returns how many bytes of an upload were received."""
        self._upload(upload)
        return self._path(upload, "part").stat().st_size

    async def append(self, upload: str, offset: int, chunks: AsyncIterator[bytes]) -> int:
        """Appends chunks and returns how many bytes were received in all.

        An offset beyond the end is an error; a repeated chunk replaces the first one.
        """
        about = self._upload(upload)
        if offset > self.received(upload):
            raise ApiError(400, f"The upload is at offset {self.received(upload)}, not at {offset}.")
        with self._path(upload, "part").open("r+b") as part:
            part.truncate(offset)
            part.seek(offset)
            async for chunk in chunks:
                part.write(chunk)
                if part.tell() > (LIMIT if about["size"] is None else about["size"]):
                    raise ApiError(400, "More bytes were sent than the upload announced.")
            return part.tell()

    def finish(self, upload: str) -> Json:
        """Turns the upload into a file and returns its record."""
        about = self._upload(upload)
        part = self._path(upload, "part")
        size = part.stat().st_size
        if about["size"] not in {None, size}:
            raise ApiError(400, f"The upload announced {about['size']} bytes and brought {size}.")
        digest = hashlib.sha256()
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        id = about["id"]
        part.replace(self._path(id, "bin"))
        record = {**about, "size": size, "sha256": digest.hexdigest(), "created": time.time()}
        write_json(self._path(id, "json"), record)
        self._path(upload, "upload").unlink()
        return record

    def cancel(self, upload: str) -> None:
        self._upload(upload)
        self._path(upload, "upload").unlink()
        self._path(upload, "part").unlink()

    def find(self, id: str, owner: str) -> Json:
        record = self._read(self._path(id, "json")) if _ID.fullmatch(id) else None
        if record is None or record["owner"] != owner or record["created"] + KEPT_SECONDS < time.time():
            raise ApiError(404, f"File '{id[:100]}' not found.")
        return record

    def list(self, owner: str) -> list[Json]:
        """Returns a key's files, newest first."""
        records = (self._read(path) for path in self._folder.glob("*.json"))
        mine = [record for record in records if record and record["owner"] == owner]
        return sorted(mine, key=lambda record: (record["created"], record["id"]), reverse=True)

    def delete(self, id: str, owner: str) -> None:
        self.find(id, owner)
        self._path(id, "json").unlink()
        self._path(id, "bin").unlink()

    def content(self, id: str) -> Path:
        return self._path(id, "bin")

    def known(self, uri: str, owner: str) -> KnownFile:
        """Returns the file that a request's `uri` names. Raises ApiError when it is missing or not ready."""
        id = media.file_id(uri) or ""
        record = self.find(id, owner)
        if state(record) != "ACTIVE":
            raise ApiError(400, f"The File {id} is not in an ACTIVE state and usage is not allowed.")
        return KnownFile(record["mime_type"], self.content(id))

    def _upload(self, upload: str) -> Json:
        about = self._read(self._path(upload, "upload")) if re.fullmatch(r"[a-z0-9-]+\.[0-9a-f]{32}", upload) else None
        if about is None:
            raise ApiError(404, "Upload not found; it may be finished or cancelled.")
        return about

    def _path(self, id: str, kind: str) -> Path:
        return self._folder / f"{id}.{kind}"

    def _read(self, path: Path) -> Json | None:
        try:
            record: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        return record


def state(record: Json) -> str:
    is_new = time.time() < record["created"] + VIDEO_PROCESSING_SECONDS
    return "PROCESSING" if is_new and record["mime_type"].startswith("video/") else "ACTIVE"


def file_json(record: Json, base: str) -> Json:
    """Returns a file as the Files API shows it; `base` is `https://host/v1beta`."""
    name = f"files/{record['id']}"
    file: Json = {
        "name": name,
        "mimeType": record["mime_type"],
        "sizeBytes": str(record["size"]),
        "createTime": moment(record["created"]),
        "updateTime": moment(record["created"]),
        "expirationTime": moment(record["created"] + KEPT_SECONDS),
        # Base64 of the hexadecimal digits, as Google sends it.
        "sha256Hash": base64.b64encode(record["sha256"].encode()).decode(),
        "uri": f"{base}/{name}",
        "state": state(record),
        "source": "UPLOADED",
    }
    return {**file, "displayName": record["display_name"]} if record["display_name"] else file
