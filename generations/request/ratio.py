"""The default aspect ratio."""

from __future__ import annotations

from generations.request.draft import Draft

Size = tuple[int, int]


def effective_aspect_ratio(draft: Draft, last_input_size: Size | None, previous_output_size: Size | None) -> str:
    """The ratio that the pictures will have: the one asked for, else the listed one nearest to the last picture of the
    request, else nearest to the last output of the previous turn, else the model's default. Sizes are width, height
    in pixels.
    """
    if draft.response.aspect_ratio is not None:
        return draft.response.aspect_ratio
    size = last_input_size or previous_output_size
    return draft.model.nearest_aspect_ratio(*size) if size else draft.model.default_aspect_ratio
