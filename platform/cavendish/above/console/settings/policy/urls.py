from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.policy import views

urlpatterns = [
    path("", views.use_policy, name="use_policy"),
    path("accept/", views.policy_accept, name="policy_accept"),
]
