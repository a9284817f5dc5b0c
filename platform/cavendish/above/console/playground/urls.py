from __future__ import annotations

from django.urls import path

from cavendish.above.console.playground.views import playground

urlpatterns = [path("", playground, name="playground")]
