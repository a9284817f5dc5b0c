from __future__ import annotations

from django.urls import path

from cavendish.above.admin.people import views

urlpatterns = [
    path("", views.people, name="people"),
    path("<str:person_id>/", views.person, name="person"),
    path("<str:person_id>/<slug:act>/", views.person_act, name="person_act"),
]
