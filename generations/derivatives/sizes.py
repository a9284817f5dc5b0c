"""Which smaller pictures there are: three formats at fixed widths, so that an output has a dozen at most."""

from __future__ import annotations

WIDTHS = (256, 512, 1024, 1536)
THUMBNAIL_WIDTH = 512
FORMATS = {"webp": "image/webp", "avif": "image/avif", "jpeg": "image/jpeg"}
"""Names in requests → media types."""
PREVIEW_FORMAT = "webp"

MAX_PIXELS = WIDTHS[-1] ** 2
"""Of what is made, which bounds an encoder's memory: a picture that is much taller than wide becomes narrower."""
MAX_SOURCE_PIXELS = 100_000_000
"""Of what it is made from; the largest that the models give have 19 million."""


def derived_size(width: int, height: int, *, requested: int) -> tuple[int, int]:
    """Returns the pixels of a picture of `width` × `height` at the requested width: never more than it has."""
    scale = min(1.0, requested / width, (MAX_PIXELS / (width * height)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def preview_widths(width: int, height: int) -> list[int]:
    """Returns the widths at which a picture differs: those up to its own, and the smallest where all are above."""
    return [each for each in WIDTHS if derived_size(width, height, requested=each)[0] == each] or [WIDTHS[0]]
