from __future__ import annotations

from django.urls import path

from generations.show.pages.views import generation_page, suggestions_page

urlpatterns = [
    path("g/<str:generation_id>", generation_page, name="generation_page"),
    path("g/<str:generation_id>/suggestions", suggestions_page, {"number": 1}),
    path("g/<str:generation_id>/suggestions/<int:number>", suggestions_page),
]
