"""Operations of a document, written short."""

from __future__ import annotations

from typing import Any

from cavendish.http.shapes import Shape

Operation = dict[str, Any]


def operation(
    name: str,
    summary: str,
    description: str,
    *,
    tag: str,
    errors: dict[int, str],
    answer: Shape | None = None,
    body: Shape | None = None,
    events: Shape | None = None,
    form: Shape | None = None,
    parameters: list[Any] | None = None,
    security: list[Any] | None = None,
    status: int = 200,
    media: str = "application/json",
) -> Operation:
    """Returns an operation. `events` are those of a stream, `form` is a multipart body, `errors` names responses."""
    content: Operation = {media: {"schema": answer}} if answer is not None else {}
    if events is not None:
        content["text/event-stream"] = {"schema": events}
    if body is not None or form is not None:
        # An Idempotency-Key that came with another body.
        errors = {**errors, 422: errors[400]}
    responses: Operation = {str(status): {"description": "OK", **({"content": content} if content else {})}}
    responses |= {str(code): {"$ref": f"#/components/responses/{response}"} for code, response in errors.items()}
    described: Operation = {
        "operationId": name,
        "summary": summary,
        "description": description,
        "tags": [tag],
        "responses": responses,
    }
    if parameters:
        described["parameters"] = parameters
    if security is not None:
        described["security"] = security
    sent = {"application/json": {"schema": body}} if body is not None else {}
    sent |= {"multipart/form-data": {"schema": form}} if form is not None else {}
    if sent:
        described["requestBody"] = {"required": True, "content": sent}
    return described


def path_parameter(name: str, description: str) -> Operation:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def query(name: str, shape: Shape, description: str) -> Operation:
    return {"name": name, "in": "query", "description": description, "schema": shape}
