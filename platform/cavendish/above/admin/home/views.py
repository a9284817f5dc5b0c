"""The front page, and what of it stands in every page's bar."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cavendish.above.admin.pages import operator_page


@operator_page(section="home")
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "admin/home/home.html")


@operator_page()
def state(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")
