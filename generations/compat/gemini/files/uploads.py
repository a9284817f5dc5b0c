"""`/upload/v1/files`: Google's three ways to upload (X-Goog-Upload-Protocol).

    resumable
        start                       with a key; the answer's X-Goog-Upload-URL carries a signed upload_id
        upload | upload, finalize   bytes from X-Goog-Upload-Offset on, to that address
        query, cancel
    multipart                       the description of the file and its bytes in one request; also uploadType=multipart
    raw                             the bytes alone; also uploadType=media

Of a resumable upload only the first step carries a key: the Python SDK sends none with the bytes, and calls them
application/json. So the upload_id says whose upload it is and what it will be, signed; nothing is stored before bytes
come. They are gathered in `<SPOOL_DIR>/uploads`: where several machines serve the web, they share that folder or a
client stays on one.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from accounts.authentication.drf import principal
from accounts.idempotency import Replay, current_keyed_request
from accounts.models import Tenant, TenantStatus
from cavendish.db import ids
from cavendish.db.storable import storable, unstorable
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import Problem, bad_request, not_found, problem_of, too_large
from cavendish.http.texts import text_of
from generations.accept.funnel import check_active
from generations.accept.storage import upload_close, upload_is_open, upload_note, upload_open, upload_reserve
from generations.compat.gemini.files.related_body import MAX_DESCRIPTION_BYTES, RelatedBody
from generations.compat.gemini.files.representation import file_json
from generations.compat.gemini.files.upload_admission import UploadAdmission, check_key
from generations.compat.gemini.files.upload_ids import UploadId
from generations.compat.gemini.files.upload_parts import UploadPart, WrongOffset, parts_expire
from generations.compat.gemini.views import GoogleView
from generations.compat.shared.camel_fields import camel, camel_fields_of, camel_tree
from generations.compat.shared.pointer_map import errors_placed, placed
from generations.errors import TenantInactive
from generations.models import File
from generations.request import JSONL, JSONL_SUFFIXES, Readable, upload_check
from generations.request.fields import Context
from generations.selectors import file_named
from generations.services import file_create

_RESOURCE_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_EMPTY = "text/plain; charset=utf-8"
"""The type of answers that are headers only, as Google has it."""
_WRITTEN_HERE = (
    "createTime", "updateTime", "expirationTime", "sha256Hash", "uri", "downloadUri", "state", "source", "error",
    "videoMetadata",
)  # fmt: skip
"""Fields of a file that Google takes with its description, and writes itself."""
_COMMANDS = frozenset({"start", "upload", "finalize", "query", "cancel"})


class Upload(GoogleView):
    replays = Replay.RERUN
    scopes = {"POST": "files", "PUT": "files"}
    admission = UploadAdmission()

    def get_authenticators(self) -> list[Any]:
        return [] if self._has_upload_id() else [*super().get_authenticators()]

    def get_permissions(self) -> list[Any]:
        return [] if self._has_upload_id() else [*super().get_permissions()]

    def _has_upload_id(self) -> bool:
        # There is no request while Django's checks build the schema.
        return "upload_id" in getattr(self.request, "GET", {})

    def handle_exception(self, exc: Exception) -> Any:
        """A refusal ends the upload and says so: without the header the SDKs send the same bytes three times more."""
        answer = super().handle_exception(exc)
        problem = problem_of(exc)
        if problem is not None and problem.status < 500 and problem.status != 429 and problem.code != WrongOffset.CODE:
            answer.headers["X-Goog-Upload-Status"] = "final"
        return answer

    def post(self, request: Request) -> HttpResponse:
        commands = _commands(request)
        if "upload_id" in request.query_params:
            return _continue(request, UploadId.parse(request.query_params["upload_id"]), commands)
        protocol = _protocol(request)
        if protocol in {"resumable", ""} and "start" in commands:
            return _start(request)
        if protocol in {"multipart", "raw"}:
            return _at_once(request, is_multipart=protocol == "multipart")
        raise bad_request(
            "unknown_protocol",
            "Send X-Goog-Upload-Protocol: resumable with the command start, or multipart or raw with the bytes.",
        )

    put = post


def _protocol(request: Request) -> str:
    """The protocol by its header, by `uploadType` as older clients of Google have it, or by the type of the body."""
    header = request.headers.get("X-Goog-Upload-Protocol", "").strip().lower()
    named = header or request.query_params.get("uploadType", "").lower()
    if not named and request.headers.get("Content-Type", "").lower().startswith("multipart/related"):
        return "multipart"
    return {"media": "raw"}.get(named, named)


def _start(request: Request) -> HttpResponse:
    upload_id = _begin(request, _description(request._request.read(MAX_DESCRIPTION_BYTES + 1)))
    url = f"{settings.BASE_URL}{request.path}?upload_id={upload_id.sign()}&upload_protocol=resumable"
    return HttpResponse(content_type=_EMPTY, headers={"X-Goog-Upload-URL": url, "X-Goog-Upload-Status": "active"})


def _at_once(request: Request, *, is_multipart: bool) -> HttpResponse:
    """Takes a whole file from one request."""
    content_type = request.headers.get("Content-Type", "")
    length = _number(request.META.get("CONTENT_LENGTH") or None) or 0
    if is_multipart:
        related = RelatedBody(request._request, content_type)
        upload_id = _begin(request, _description(related.description), mime_type=related.mime_type)
    else:
        related = None
        upload_id = _begin(request, {"size_bytes": length}, mime_type=content_type)
    part = UploadPart(upload_id.file_id)
    with part.locked():
        if (done := _check(upload_id, request.META.get("REMOTE_ADDR", ""))) is not None:
            # A repetition with its Idempotency-Key.
            part.discard()
            return _final(done)
        try:
            _receive(upload_id, part, related or request._request, offset=0, length=length)
            if related is not None:
                related.close()
        except Problem:
            _discard(upload_id, part)
            raise
        return _final(_finish(upload_id, part))


def _begin(request: Request, description: dict[str, Any], *, mime_type: str = "") -> UploadId:
    """Notes an upload and returns what is known of it. What the headers say counts before the description, and
    `mime_type` after it.
    """
    who = principal(request)
    check_active(who)
    resource_name = _resource_name(description.get("name"))
    keyed = current_keyed_request()
    # A repetition goes on with the upload that was begun.
    begun = UUID(keyed.created_ids[0]) if keyed is not None and keyed.is_replay else None
    if resource_name is not None and begun is None:
        with tenant_context(who.tenant_id):
            if file_named(resource_name, livemode=who.livemode) is not None:
                raise _taken(resource_name)
    size = _number(request.headers.get("X-Goog-Upload-Header-Content-Length") or description.get("size_bytes"))
    if size is not None:
        _check_size(size)
    declared = request.headers.get("X-Goog-Upload-Header-Content-Type") or description.get("mime_type") or mime_type
    # A header's bytes come as Latin-1 from Django.
    file_name = str(storable(text_of(request.headers.get("X-Goog-Upload-File-Name", "").encode("latin-1", "replace"))))
    if file_name.lower().endswith(JSONL_SUFFIXES):
        # Its display name and its type may be anything: Python's library of types does not know this one.
        declared = JSONL
    # A display name is kept as it was given; of a path only its last part is a name.
    name = str(description.get("display_name") or PurePosixPath(PureWindowsPath(file_name).name).name)
    upload_id = UploadId(
        file_id=begun or ids.new_id(),
        tenant_id=who.tenant_id,
        key_id=who.key_id,
        livemode=who.livemode,
        mime_type=str(declared)[:100],
        size=size,
        name=name[:255],
        resource_name=resource_name,
    )
    if begun is None:
        upload_open(
            tenant_id=who.tenant_id,
            key_id=who.key_id,
            livemode=who.livemode,
            upload_id=upload_id.file_id,
            size=size or 0,
        )
    parts_expire()
    return upload_id


def _continue(request: Request, upload_id: UploadId, commands: set[str]) -> HttpResponse:
    part = UploadPart(upload_id.file_id)
    with part.locked():
        if (done := _check(upload_id, request.META.get("REMOTE_ADDR", ""))) is not None:
            # The answer to the last bytes was lost, and they came again.
            part.discard()
            return _final(done)
        if "cancel" in commands:
            _discard(upload_id, part)
            return HttpResponse(content_type=_EMPTY, headers={"X-Goog-Upload-Status": "cancelled"})
        if not upload_is_open(tenant_id=upload_id.tenant_id, upload_id=upload_id.file_id):
            # Canceled, or refused at its end: what came now would count nowhere.
            part.discard()
            raise Problem(404, "not_found", "This upload has ended without a file; start another.")
        if "query" in commands:
            return _active(part.size())
        if not commands & {"upload", "finalize"}:
            raise bad_request("invalid", "X-Goog-Upload-Command takes upload, finalize, query or cancel.")
        if "upload" in commands:
            offset = _number(request.headers.get("X-Goog-Upload-Offset")) or 0
            length = _number(request.META.get("CONTENT_LENGTH") or None) or 0
            _receive(upload_id, part, request._request, offset=offset, length=length)
        return _final(_finish(upload_id, part)) if "finalize" in commands else _active(part.size())


def _receive(upload_id: UploadId, part: UploadPart, stream: Readable, *, offset: int, length: int) -> None:
    """Adds bytes to the part, `length` of them at most, once there is room for them."""
    limit = settings.MAX_FILE_BYTES if upload_id.size is None else upload_id.size
    # What came before, with an answer that was lost, is not counted again.
    incoming = min(max(0, offset + length - part.size()), limit)
    upload_reserve(tenant_id=upload_id.tenant_id, livemode=upload_id.livemode, incoming=incoming)
    part.append(stream, offset, limit=limit)
    upload_note(tenant_id=upload_id.tenant_id, upload_id=upload_id.file_id, size=part.size())


def _finish(upload_id: UploadId, part: UploadPart) -> File:
    """Makes a file of the part. What cannot be one is deleted; where a service is away it stays for another try."""
    try:
        if upload_id.size is not None and part.size() != upload_id.size:
            raise bad_request("incomplete", f"{part.size()} of {upload_id.size} announced bytes came.")
        info = upload_check(part.path, declared=upload_id.mime_type, name=upload_id.name, dialect="interactions")
    except Problem:
        _discard(upload_id, part)
        raise
    try:
        file = file_create(
            tenant_id=upload_id.tenant_id,
            livemode=upload_id.livemode,
            name=upload_id.name,
            path=part.path,
            info=info,
            file_id=upload_id.file_id,
            expires=True,
            resource_name=upload_id.resource_name,
            is_counted=True,
        )
    except IntegrityError:
        # Another upload of that name ended first.
        raise _taken(upload_id.resource_name or "") from None
    upload_close(tenant_id=upload_id.tenant_id, upload_id=upload_id.file_id)
    return file


def _discard(upload_id: UploadId, part: UploadPart) -> None:
    part.discard()
    upload_close(tenant_id=upload_id.tenant_id, upload_id=upload_id.file_id)


def _check(upload_id: UploadId, address: str) -> File | None:
    """The file, once it is one. Raises Problem where the key or the tenant has lost the right to bring it."""
    check_key(upload_id, address)
    with tenant_context(upload_id.tenant_id):
        tenant = Tenant.objects.get(id=upload_id.tenant_id)
        file: File | None = File.objects.filter(id=upload_id.file_id).first()
    if tenant.status != TenantStatus.ACTIVE:
        raise TenantInactive(tenant.status, "")
    if file is not None and file.deleted_at is not None:
        raise not_found()
    return file


def _active(received: int) -> HttpResponse:
    return HttpResponse(
        content_type=_EMPTY, headers={"X-Goog-Upload-Status": "active", "X-Goog-Upload-Size-Received": str(received)}
    )


def _final(file: File) -> HttpResponse:
    return JsonResponse({"file": file_json(file)}, headers={"X-Goog-Upload-Status": "final"})


def _commands(request: Request) -> set[str]:
    return {word.strip().lower() for word in request.headers.get("X-Goog-Upload-Command", "").split(",")} & _COMMANDS


def _description(raw: bytes) -> dict[str, Any]:
    """The description of the file, its names in snake case."""
    if len(raw) > MAX_DESCRIPTION_BYTES:
        raise too_large("The description of a file is too long.", limit=MAX_DESCRIPTION_BYTES)
    try:
        body = camel_tree(json.loads(raw or b"{}"))
    except (ValueError, RecursionError):
        raise bad_request("malformed_json", "The body is not JSON.") from None
    context = Context("interactions")
    fields = camel_fields_of(context, body, "", 'an object like {"file": {"displayName": "cat.png"}}')
    file = fields.inner("file") if fields is not None else None
    if fields is not None:
        fields.close()
    found: dict[str, Any] = {}
    if file is not None:
        found = {name: file.text(camel(name)) for name in ("name", "display_name", "mime_type")}
        found["size_bytes"] = file.take("sizeBytes")
        file.take(*_WRITTEN_HERE)
        for pointer, _ in unstorable(file.values):
            detail = f"file{pointer.replace('/', '.')} holds U+0000 or half of a surrogate pair; take it out."
            raise bad_request("invalid", detail)
        file.close()
    with errors_placed(partial(placed, pointers=None)):
        context.raise_errors()
    return found


def _resource_name(value: object) -> str | None:
    """The name that the client gives, without "files/"; None where it gives none. Raises Problem 400."""
    if value in (None, ""):
        return None
    name = str(value).removeprefix("files/")
    # 32 hexadecimal digits would be taken for an id.
    if not _RESOURCE_NAME.fullmatch(name) or re.fullmatch(r"[0-9a-f]{32}", name):
        raise bad_request(
            "invalid",
            "name takes files/ and up to 40 lower-case letters, digits and dashes, with a letter or digit at both ends,"
            " and not the form of an id; leave it out to have one given.",
        )
    return name


def _taken(name: str) -> Problem:
    return bad_request("already_exists", f"There is a file files/{name} already; delete it, or choose another name.")


def _check_size(size: int) -> None:
    if size > settings.MAX_FILE_BYTES:
        raise too_large(f"A file may have {settings.MAX_FILE_BYTES} bytes.", limit=settings.MAX_FILE_BYTES)
    if size == 0:
        raise bad_request("empty", "The file is empty.")


def _number(value: object) -> int | None:
    if value is None:
        return None
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise bad_request("invalid", f'"{text[:40]}" is not a whole number of bytes.')
    return int(text)
