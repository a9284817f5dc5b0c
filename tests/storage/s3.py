"""A small S3 server over HTTP: buckets in memory, ranges, uploads in parts, and signatures that must be there."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Bucket(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.refuses = 0
        """The status that everything is answered with, where it is not 0."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _key(self) -> tuple[str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        self.server.asked.append(f"{self.command} {self.path}")
        return unquote(parts.path).lstrip("/").partition("/")[2], parse_qs(parts.query, keep_blank_values=True)

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _refused(self, query: dict[str, list[str]]) -> bool:
        signed = "Authorization" in self.headers or "X-Amz-Signature" in query
        status = self.server.refuses or (0 if signed else 403)
        if status:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._answer(status, b"<Error><Code>SlowDown</Code></Error>")
        return bool(status)

    def do_PUT(self) -> None:
        key, query = self._key()
        if self._refused(query):
            return
        body = self._body()
        if "uploadId" in query:
            self.server.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
        else:
            self.server.objects[key] = body
            self.server.headers[key] = dict(self.headers.items())
        self._answer(200, ETag=f'"{hashlib.md5(body).hexdigest()}"')

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" not in self.headers.get("Content-Encoding", ""):
            return body
        whole, left = b"", body
        while match := re.match(rb"([0-9a-f]+)[^\r]*\r\n", left):
            size = int(match[1], 16)
            whole, left = whole + left[match.end() : match.end() + size], left[match.end() + size + 2 :]
            if not size:
                break
        return whole

    def do_POST(self) -> None:
        key, query = self._key()
        if self._refused(query):
            return
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "uploads" in query:
            upload = f"upload-{len(self.server.parts)}"
            self.server.parts[upload] = {}
            self.server.headers[key] = dict(self.headers.items())
            body = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
        else:
            parts = self.server.parts[query["uploadId"][0]]
            self.server.objects[key] = b"".join(parts[number] for number in sorted(parts))
            body = "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"
        self._answer(200, body.encode(), Content_Type="application/xml")

    def do_GET(self) -> None:
        key, query = self._key()
        if self._refused(query):
            return
        if key not in self.server.objects:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        body, asked = self.server.objects[key], re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        type_ = query.get("response-content-type", ["application/octet-stream"])[0]
        if asked is None:
            self._answer(200, body, Content_Type=type_)
            return
        end = min(int(asked[2] or len(body) - 1), len(body) - 1)
        part = body[int(asked[1]) : end + 1]
        self._answer(206, part, Content_Type=type_, Content_Range=f"bytes {asked[1]}-{end}/{len(body)}")

    do_HEAD = do_GET

    def do_DELETE(self) -> None:
        key, query = self._key()
        if not self._refused(query):
            self.server.objects.pop(key, None)
            self._answer(204)


@contextmanager
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
