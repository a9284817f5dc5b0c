"""What `{% csrf_token %}` writes into a form of the console: the token, and the place that the form was shown for."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html

from cavendish.above.console.places import FIELD, place_of
from cavendish.above.console.workplace import Workplace

register = template.Library()


class _TokenAndPlace(CsrfTokenNode):
    def render(self, context: Any) -> str:
        token = super().render(context)
        work = getattr(context.get("request"), "work", None)
        if not token or not isinstance(work, Workplace):
            return token
        return format_html('{}<input type="hidden" name="{}" value="{}">', token, FIELD, place_of(work))


@register.tag("csrf_token")
def csrf_token(parser: Parser, token: Token) -> _TokenAndPlace:
    """Django's own tag, for every template."""
    return _TokenAndPlace()
