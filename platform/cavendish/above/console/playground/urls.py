"""The addresses of the playground."""

from __future__ import annotations

from django.urls import path

from cavendish.above.console.playground import views

urlpatterns = [
    path("", views.playground, name="playground"),
    path("generate", views.playground_generate, name="playground_generate"),
    path("form", views.playground_form, name="playground_form"),
    path("quote", views.playground_quote, name="playground_quote"),
    path("upload", views.playground_upload, name="playground_upload"),
    path("pictures", views.playground_pictures, name="playground_pictures"),
    path("templates", views.playground_templates, name="playground_templates"),
    path("token", views.playground_token, name="playground_token"),
    path("compare", views.playground_compare, name="playground_compare"),
    path("outputs/<str:output_id>/download", views.playground_download, name="playground_download"),
    path("<str:generation_id>", views.playground_result, name="playground_result"),
    path("<str:generation_id>/run", views.playground_run, name="playground_run"),
    path("<str:generation_id>/cancel", views.playground_cancel, name="playground_cancel"),
    path("<str:generation_id>/repeat", views.playground_repeat, name="playground_repeat"),
]
