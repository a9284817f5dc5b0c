"""A chat's body as the body of a generation, which is the schema that every job is read from."""

from __future__ import annotations

from typing import Any

from cavendish.http.problems import FieldError, Problem
from generations.compat.openai.chat.messages import Messages
from generations.compat.openai.chat.settings import (
    ELSEWHERE,
    google_of,
    refuse_others,
    response_parse,
    sampling_parse,
    thinking_parse,
    tools_parse,
)
from generations.compat.openai.models import model_named
from generations.compat.shared.camel_fields import CamelFields
from generations.compat.shared.pointer_map import PointerMap, dotted
from generations.request.fields import Context


class Translation:
    """Translates one body. Afterwards it knows how the answer is to look, and what was given without effect."""

    def __init__(self) -> None:
        self.stream = False
        self.with_usage = False
        """Whether a stream ends with what was used."""
        self.thoughts = False
        self.ignored: list[str] = []
        self._pointers = PointerMap(spelled=str)

    def __call__(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body of a generation. Raises Problem with all that it cannot express.

        `body` is as `body_read` returns it with data URLs.
        """
        context, pointers = Context("native"), PointerMap(spelled=str)
        context.elsewhere = ELSEWHERE
        fields = CamelFields(context, body, "")
        model, name = model_named(fields.text("model"))
        messages = Messages(context, pointers)
        messages.parse(fields)
        tree: dict[str, Any] = {"model": name, "input": messages.steps}
        if messages.instructions:
            tree["system_instruction"] = "\n\n".join(messages.instructions)
        google = google_of(fields)
        response_parse(fields, google, tree, pointers)
        sampling_parse(fields, tree, pointers)
        self.thoughts = thinking_parse(fields, google, model, tree, pointers)
        if google is not None:
            google.close()
        tools_parse(fields, tree, pointers)
        self.stream = fields.flag("stream", False)
        self._usage(fields)
        for field in ("n", "store"):
            if (value := fields.take(field)) is not None:
                tree[field] = value
        self._metadata(fields, tree, pointers)
        self.ignored = refuse_others(fields, messages.ignored)
        fields.close()
        context.raise_errors()
        self._pointers = pointers
        return tree

    def placed(self, problem: Problem) -> Problem:
        """A problem with the body, wherever it was noticed, in the names of the body."""
        errors = []
        for error in problem.errors:
            pointer = self._pointers.of(error.pointer)
            # A field of the body stands in `param`; what is inside one is told in words.
            place = f"{dotted(pointer)}: " if "/" in pointer[1:] else ""
            errors.append(FieldError(pointer, error.code, place + error.detail))
        # in place: a refusal stays the refusal that it is
        problem.errors = errors
        return problem

    def _usage(self, fields: CamelFields) -> None:
        options = fields.inner("stream_options")
        if options is not None:
            self.with_usage = options.flag("include_usage", False)
            options.take("include_obfuscation")
            options.close()
        usage = fields.inner("usage")
        if usage is not None:
            self.with_usage = usage.flag("include", False) or self.with_usage
            usage.close()

    def _metadata(self, fields: CamelFields, tree: dict[str, Any], pointers: PointerMap) -> None:
        user = fields.text("safety_identifier") or fields.text("user")
        fields.take("user")
        metadata = fields.inner("metadata")
        values = dict(metadata.values) if metadata is not None else {}
        if user:
            values.setdefault("user", user)
            if metadata is None or "user" not in metadata.values:
                pointers.note("/metadata/user", fields.at("user"))
        if values:
            tree["metadata"] = values
