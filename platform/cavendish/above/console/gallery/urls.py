"""Gallery: every picture of the tenant."""

from __future__ import annotations

from django.urls import path

from cavendish.above.console.gallery.files import gallery_file
from cavendish.above.console.gallery.views import gallery, gallery_output

urlpatterns = [
    path("", gallery, name="gallery"),
    path("files/<str:file_id>/", gallery_file, name="gallery_file"),
    path("<str:output_id>/", gallery_output, name="gallery_output"),
]
