"""What the rail holds, as a page: on phones there is no rail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.admin.pages import operator_page


@operator_page(section="more")
def more(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/more.html")
