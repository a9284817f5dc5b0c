"""The search page; a text that means one thing leads to it at once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.admin.pages import operator_page


@operator_page(section="search")
def search(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/search/search.html")
