"""Words about pictures: what a charge is made of, what differs from what was asked, how a generation ended."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

KINDS: dict[str, str | Promise] = {
    "text_input": gettext_lazy("Text in"),
    "image_input": gettext_lazy("Pictures in"),
    "video_input": gettext_lazy("Video in"),
    "cached_input": gettext_lazy("Cached in"),
    "text_output": gettext_lazy("Text out"),
    "thought_output": gettext_lazy("Thinking"),
    "image_output": gettext_lazy("Pictures out"),
    "search_query": gettext_lazy("Searches"),
    "included": gettext_lazy("Included in the plan"),
    "absorbed": gettext_lazy("Beyond the quoted maximum, not charged"),
}
"""Lines of a charge."""

UNITS: dict[str, str | Promise] = {
    "per_1m_tokens": gettext_lazy("tokens"),
    "per_1k_queries": gettext_lazy("searches"),
    "per_image": gettext_lazy("pictures"),
}


def notice_words(notice: dict[str, Any]) -> str:
    """Returns what differs from what was asked for, as a sentence."""
    expected, came = str(notice.get("expected", "")), str(notice.get("came", ""))
    sentences = {
        "size_differs": _("The picture has {came} pixels; {expected} were expected."),
        "mime_type_differs": _("The picture came as {came}, not as {expected}."),
        "tokens_differ": _("The picture took {came} tokens; {expected} were expected."),
        "model_deprecated": _("This model is going to be switched off. Use {use}."),
        "model_alias": _("The model was asked for by a further name; {use} ran."),
        "history_cut": _("Google no longer had the conversation. Its latest 64 turns were sent again."),
        "ended_early": _("The answer is not whole: it ended early ({reason})."),
        "images_not_delivered": _("{count} further pictures came that the maximum did not cover; they were left out."),
    }
    code = str(notice.get("code", ""))
    text = sentences.get(code) or str(notice.get("detail") or code.replace("_", " ").capitalize())
    values = {
        "{came}": came,
        "{expected}": expected,
        "{use}": str(notice.get("use", "")),
        "{reason}": str(notice.get("reason", "")).replace("_", " "),
        "{count}": str(notice.get("count", "")),
    }
    for name, value in values.items():
        text = text.replace(name, value)
    return text
