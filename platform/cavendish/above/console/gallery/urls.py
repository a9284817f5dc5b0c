"""Gallery: every picture of the tenant."""

from __future__ import annotations

from django.urls import path

from cavendish.above.console.gallery import collections, marks, picture_acts, selection
from cavendish.above.console.gallery.files import gallery_file
from cavendish.above.console.gallery.views import gallery, gallery_output

urlpatterns = [
    path("", gallery, name="gallery"),
    path("files/<str:file_id>/", gallery_file, name="gallery_file"),
    path("collections/", collections.collections, name="gallery_collections"),
    path("collections/new/", collections.collection_new, name="gallery_collection_new"),
    path("collections/<str:collection_id>/rename/", collections.collection_rename, name="gallery_collection_rename"),
    path("collections/<str:collection_id>/delete/", collections.collection_delete, name="gallery_collection_delete"),
    path("selection/download/", selection.selection_download, name="gallery_selection_download"),
    path("selection/tag/", selection.selection_tag, name="gallery_selection_tag"),
    path("selection/collect/", selection.selection_collect, name="gallery_selection_collect"),
    path("selection/take-out/", selection.selection_take_out, name="gallery_selection_take_out"),
    path("selection/delete/", selection.selection_delete, name="gallery_selection_delete"),
    path("<str:output_id>/", gallery_output, name="gallery_output"),
    path("<str:output_id>/label/", marks.label, name="gallery_label"),
    path("<str:output_id>/tags/", marks.tags, name="gallery_tags"),
    path("<str:output_id>/collections/", marks.memberships, name="gallery_memberships"),
    path("<str:output_id>/share/", picture_acts.share, name="gallery_share"),
    path("<str:output_id>/share/<str:link_id>/revoke/", picture_acts.revoke, name="gallery_revoke"),
    path("<str:output_id>/delete/", picture_acts.delete, name="gallery_delete"),
]
