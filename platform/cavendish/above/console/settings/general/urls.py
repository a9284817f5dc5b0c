from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.general import views

urlpatterns = [
    path("general/", views.general, name="general"),
    path("general/name/", views.rename, name="tenant_rename"),
    path("general/test-mode/off/", views.test_keys_off, name="test_keys_off"),
    path("general/test-mode/on/", views.test_keys_on, name="test_keys_on"),
    path("origins/", views.origins, name="origins"),
    path("origins/scripts/", views.script_origins, name="script_origins"),
    path("origins/frames/", views.frame_origins, name="frame_origins"),
]
