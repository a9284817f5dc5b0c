"""OpenAI names a size in pixels; our models know ratios and sizes.

The rule: the ratio is the model's listed one nearest to width / height (compared as logarithms); the size is the one
whose picture at that ratio has the number of pixels nearest to width × height (as logarithms, too; the smaller of two).
So "1024x1024" is 1:1 at 1K, and with gemini-3.1-flash-image "1536x1024" is 3:2 at 1K (1264 × 848 pixels), "1792x1024"
16:9 at 1K and "256x256" 1:1 at 512. A shape further than a quarter from every listed ratio is refused, and so is what
is no size. "auto" and nothing leave it to the model: the ratio of the last picture given, else 1:1, at its default
size.
"""

from __future__ import annotations

import math
import re

from cavendish.gemini.catalog import Model, Resolution
from cavendish.http.problems import shown
from generations.compat.shared.camel_fields import CamelFields
from generations.request.hints import listing

_PIXELS = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})")
FARTHEST = math.log(1.25)


def size_parse(fields: CamelFields, model: Model) -> dict[str, str]:
    """`aspect_ratio` and `image_size` of the field `size`; {} where the model decides. A wrong one is noted."""
    value = fields.text("size")
    if value is None or value in {"", "auto"}:
        return {}
    row = nearest(model, value)
    if row is None:
        right = [f"{each.width}x{each.height}" for each in model.resolutions if each.image_size == model.default_size]
        detail = f'{shown(value)} is no size of {model.id}; use "auto" or pixels near one of {listing(right)}'
        larger = [size for size in model.sizes if size != model.default_size]
        detail += f", or the same shapes at {listing(larger, 'and')}." if larger else "."
        fields.wrong("size", "unknown_value", detail)
        return {}
    return {"aspect_ratio": row.aspect_ratio, "image_size": row.image_size}


def nearest(model: Model, size: str) -> Resolution | None:
    """The row of the model's table for pixels like "1536x1024"; None where there is no such shape."""
    match = _PIXELS.fullmatch(size)
    if match is None:
        return None
    width, height = int(match[1]), int(match[2])
    ratio = model.nearest_aspect_ratio(width, height)
    across, down = (int(part) for part in ratio.split(":"))
    if abs(math.log(width / height) - math.log(across / down)) > FARTHEST:
        return None
    rows = [model.resolution(ratio, image_size) for image_size in model.sizes]
    return min(rows, key=lambda row: (abs(math.log(row.width * row.height / (width * height))), row.width))
