from __future__ import annotations

from django.urls import path

from cavendish.above.tenant_data.api import ErasureDetail, ExportContent, ExportDetail, ExportList

urlpatterns = [
    path("tenants/<str:tenant_id>/exports", ExportList.as_view()),
    path("tenants/<str:tenant_id>/exports/<str:export_id>", ExportDetail.as_view()),
    path("tenants/<str:tenant_id>/exports/<str:export_id>/content", ExportContent.as_view()),
    path("tenants/<str:tenant_id>/erasure", ErasureDetail.as_view()),
]
