from __future__ import annotations

from django.urls import path

from cavendish.above.admin.tenants import views

urlpatterns = [
    path("", views.tenants, name="tenants"),
    path("new/", views.tenant_new, name="tenant_new"),
    path("<str:tenant_id>/", views.tenant, name="tenant"),
    path("<str:tenant_id>/<slug:act>/", views.tenant_act, name="tenant_act"),
    path("<str:tenant_id>/<slug:act>/<str:item>/", views.tenant_item_act, name="tenant_item_act"),
]
