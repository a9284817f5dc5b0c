"""A generation's request: read, normalised, checked against the catalog, before anything is held or spent.

tree = body_read(request, spool=directory, max_bytes=…)       # inline pictures go to the spool as they arrive
parsed = request_parse(tree, dialect="native")                # one Problem 422 with every wrong value
infos = inputs_check(parsed)                                  # inline bytes are of the type that is declared
spilled, info = uri_fetch(media, directory, max_bytes=…)      # for media.needs_fetch, behind the egress guard
stored = request_canonical(parsed, files)                     # as sent, bytes replaced by file ids
"""

from generations.request.body_reader import Readable, body_read
from generations.request.formats import effective_aspect_ratio
from generations.request.generation_request import (
    Block,
    Dialect,
    GenerationRequest,
    JobWebhooks,
    Kind,
    Media,
    Response,
    Source,
    Step,
    Text,
    request_canonical,
)
from generations.request.hints import no_such_model
from generations.request.media import JSONL, JSONL_SUFFIXES, MediaInfo, inputs_check, media_check, upload_check
from generations.request.parse import MAX_VARIANTS, request_parse
from generations.request.slots import MAX_NAME_CHARS, slots_fill, slots_in
from generations.request.templates import LANGUAGES, MAX_VALUE_CHARS, Template, TemplateFinder
from generations.request.uris import FETCH_SECONDS, file_id_of, is_youtube, uri_fetch

__all__ = [
    "FETCH_SECONDS",
    "JSONL",
    "JSONL_SUFFIXES",
    "LANGUAGES",
    "MAX_NAME_CHARS",
    "MAX_VALUE_CHARS",
    "MAX_VARIANTS",
    "Block",
    "Dialect",
    "GenerationRequest",
    "JobWebhooks",
    "Kind",
    "Media",
    "MediaInfo",
    "Readable",
    "Response",
    "Source",
    "Step",
    "Template",
    "TemplateFinder",
    "Text",
    "body_read",
    "effective_aspect_ratio",
    "file_id_of",
    "inputs_check",
    "is_youtube",
    "media_check",
    "no_such_model",
    "request_canonical",
    "request_parse",
    "slots_fill",
    "slots_in",
    "upload_check",
    "uri_fetch",
]
