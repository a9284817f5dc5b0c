"""A job that ended without what was asked for, as OpenAI says it.

Its libraries send a request again after 5xx, unless the answer says that they should not (`x-should-retry`): what was
made is never asked for twice by them. A status that blames the server is what routers in between fall back on.
"""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpResponse

from generations.compat.openai.errors import CONTENT_TYPE, error_body
from generations.compat.shared.ends import FILTERED, ended, failure_code, failure_message, failure_status
from generations.selectors import GenerationDetail


def failure_json(detail: GenerationDetail) -> dict[str, Any]:
    """The error of a job that ended without an answer."""
    code, message = failure_code(detail), failure_message(detail)
    if code in FILTERED:
        return _error(message, "image_generation_user_error", "content_policy_violation")
    return _error(message, "server_error" if failure_status(code) >= 500 else "image_generation_error", code)


def _error(message: str, kind: str, code: str) -> dict[str, Any]:
    return {"message": message, "type": kind, "param": None, "code": code}


def unfinished_json(jobs: list[str]) -> dict[str, Any]:
    """For a client whose wait ended before the jobs did: they go on, and are charged."""
    pointers = " and ".join(f"/api/v1/generations/{job}" for job in jobs)
    message = f"The answer is not there yet; it is going to be at {pointers}. Do not send it again."
    return _error(message, "image_generation_error", "not_finished")


def failure_response(error: dict[str, Any]) -> HttpResponse:
    """The error as an answer: none after which OpenAI's libraries try again."""
    body = error_body(message=error["message"], kind=error["type"], code=error["code"])
    answer = HttpResponse(body, status=failure_status(error["code"]), content_type=CONTENT_TYPE)
    if answer.status_code >= 500:
        answer.headers["x-should-retry"] = "false"
        ended(answer)
    return answer


def error_event(error: dict[str, Any]) -> str:
    """The error as the last event of a stream, at which OpenAI's libraries raise."""
    return f"data: {json.dumps({'error': error}, ensure_ascii=False)}\n\n"
