"""The addresses of the first steps."""

from __future__ import annotations

from django.urls import path

from cavendish.above.console.start import views

urlpatterns = [
    path("", views.start, name="start"),
    path("picture", views.start_picture, name="start_picture"),
    path("key", views.start_key, name="start_key"),
    path("policy", views.start_policy, name="start_policy"),
    path("arrivals", views.start_arrivals, name="start_arrivals"),
    path("skip", views.start_skip, name="start_skip"),
]
