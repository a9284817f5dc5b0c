from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.keys import views

urlpatterns = [
    path("", views.keys, name="keys"),
    path("new/", views.key_new, name="key_new"),
    path("<str:key_id>/", views.key, name="key"),
    path("<str:key_id>/change/", views.key_change, name="key_change"),
    path("<str:key_id>/rotate/", views.key_rotate, name="key_rotate"),
    path("<str:key_id>/revoke/", views.key_revoke, name="key_revoke"),
]
