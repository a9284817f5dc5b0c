from __future__ import annotations

from django.urls import path

from cavendish.above.admin.keys import views

urlpatterns = [path("", views.keys, name="keys"), path("<str:key_id>/", views.key, name="key")]
