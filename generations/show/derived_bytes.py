"""A smaller picture as an HTTP response, and the parameters that ask for one."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict
from django.http.response import HttpResponseBase

from cavendish.db import ids
from cavendish.http.problems import FieldError, invalid, shown
from generations.derivatives.services import derivative_get
from generations.derivatives.sizes import FORMATS, PREVIEW_FORMAT, WIDTHS
from generations.models import Output
from generations.show.representation import output_path, page_path
from generations.show.signed_urls import url_sign
from generations.show.stored_bytes import bytes_response, page_link


@dataclass(frozen=True)
class Derived:
    format: str
    width: int


def derived_of(parameters: QueryDict) -> Derived | None:
    """Returns what `format` and `width` ask for, None without both; `width` alone means WebP. Raises Problem 422."""
    if "format" not in parameters and "width" not in parameters:
        return None
    errors = [
        FieldError(f"/{name}", "repeated", "Give this parameter only once.")
        for name in ("format", "width")
        if len(parameters.getlist(name)) > 1
    ]
    format, width = parameters.get("format", PREVIEW_FORMAT), parameters.get("width")
    if format not in FORMATS:
        errors.append(_unknown("format", format, ", ".join(FORMATS)))
    widths = ", ".join(map(str, WIDTHS))
    if width is None:
        errors.append(FieldError("/width", "required", f"Name a width: {widths}. Leave out both for the original."))
    elif width not in map(str, WIDTHS):
        errors.append(_unknown("width", width, widths))
    if errors:
        raise invalid(errors)
    assert width is not None
    return Derived(format, int(width))


def _unknown(name: str, value: str, options: str) -> FieldError:
    return FieldError(f"/{name}", "unknown_value", f"{shown(value)} is not offered; use one of: {options}.")


def derived_response(output: Output, derived: Derived, *, signed_until: int | None) -> HttpResponseBase:
    """Returns the picture, which is made if it is the first time, with headers that say that it is no original."""
    row = derivative_get(output, format=derived.format, width=derived.width)
    original = f'<{output_path(output.id)}>; rel="canonical"'
    page = page_link(url_sign(page_path(output.generation_id))[0])
    more = {"X-Cavendish-Derived": "true", "Link": f"{page}, {original}"}
    if output.c2pa:
        # Credentials are bound to the original's bytes; in another file they would not verify.
        more["X-Cavendish-Content-Credentials"] = "original"
    return bytes_response(
        row.storage_key,
        mime_type=FORMATS[derived.format],
        size=row.bytes,
        sha256=row.sha256,
        name=f"{ids.encode(ids.OUTPUT, output.id)}-{derived.width}.{derived.format}",
        signed_until=signed_until,
        more=more,
    )
