from __future__ import annotations

from django.urls import path

from cavendish.above.admin.prices import plans, views

urlpatterns = [
    path("", views.prices, name="prices"),
    path("set/", views.price_set, name="price_set"),
    path("versions/", views.versions, name="price_versions"),
    path("below-cost/", views.below, name="below_cost"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/adopt/", views.tokens_adopt, name="tokens_adopt"),
    path("margins/", views.margins, name="margins"),
    path("margins/csv", views.margins_csv, name="margins_csv"),
    path("plans/", plans.plans, name="plans"),
    path("plans/new/", plans.plan_new, name="plan_new"),
    path("plans/<str:plan_id>/", plans.plan, name="plan"),
    path("plans/<str:plan_id>/<slug:act>/", plans.plan_act, name="plan_act"),
]
