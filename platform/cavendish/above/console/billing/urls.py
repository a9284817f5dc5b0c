from __future__ import annotations

from django.urls import path

from cavendish.above.console.billing.views import billing

urlpatterns = [path("", billing, name="billing")]
