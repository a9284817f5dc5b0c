from __future__ import annotations

from django.urls import path

from cavendish.above.console.batches import new_views, views

urlpatterns = [
    path("", views.batches, name="batches"),
    path("new/", new_views.new, name="batch_new"),
    path("new/sample.csv", new_views.sample, name="batch_sample"),
    path("new/<str:file_id>/", new_views.preview, name="batch_preview"),
    path("upload", new_views.upload, name="batch_upload"),
    path("<str:batch_id>/", views.batch, name="batch"),
    path("<str:batch_id>/live", views.batch_live, name="batch_live"),
    path("<str:batch_id>/again", views.batch_again, name="batch_again"),
    path("<str:batch_id>/results.zip", views.results_zip, name="batch_results_zip"),
    path("<str:batch_id>/results.jsonl", views.results_jsonl, name="batch_results_jsonl"),
    path("<str:batch_id>/<slug:act>/", views.batch_act, name="batch_act"),
]
