"""Pages, lists and acts of settings: the console's, within the column of settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.roles.permissions import Permission
from cavendish.above.console.pages import View, console_act, console_page
from cavendish.above.console.settings.navigation import groups_for
from cavendish.above.console.workplace import Workplace
from cavendish.above.ui.acts import Act
from cavendish.above.ui.lists import List, Row, list_page

FRAME = "console/settings/frame.html"


def settings_page(permission: Permission | None, *, current: str) -> Callable[[View], View]:
    """Makes a view a page of settings, as `console_page` does. `current` is its item of the column, "" for none."""

    def decorate(view: View) -> View:
        @wraps(view)
        def named(request: HttpRequest, work: Workplace, *args: Any, **kwargs: Any) -> Any:
            request.setting = current  # type: ignore[attr-defined]
            return view(request, work, *args, **kwargs)

        return console_page(permission, section="settings")(named)

    return decorate


def frame(request: HttpRequest, work: Workplace) -> dict[str, Any]:
    """Returns the context that the column of settings needs."""
    return {
        "frame": FRAME,
        "groups": groups_for(work.role),
        "setting": getattr(request, "setting", ""),
    }


def shown(
    request: HttpRequest, work: Workplace, template: str, context: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """Renders a page of settings."""
    return render(request, template, {**frame(request, work), **(context or {})}, status=status)


def listed(
    request: HttpRequest,
    work: Workplace,
    table: List[Row],
    *,
    template: str = "console/settings/list.html",
    **context: Any,
) -> HttpResponse:
    """Shows a list in the tenant's context."""
    with work.reading():
        return list_page(request, table, template=template, context={**frame(request, work), **context})


class SettingsAct(Act):
    """An act on something of the tenant. `back` is where it leads."""

    work: Workplace
    request: HttpRequest
    back = ""
    heading: ClassVar[Any] = ""

    @property
    def title(self) -> str:
        return str(self.heading or self.word)


def acting(
    request: HttpRequest, work: Workplace, act_class: Callable[..., SettingsAct], *, back: str, **options: Any
) -> HttpResponse:
    """Shows or does an act in the person's name. Forms that read the tenant's rows are made with them as `options`."""
    act = act_class(request.POST or None, **options)
    act.work, act.request, act.back = work, request, back
    return console_act(request, work, act, back=back, extra=frame(request, work))
