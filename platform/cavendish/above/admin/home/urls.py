from __future__ import annotations

from django.urls import path

from cavendish.above.admin.home import views

urlpatterns = [
    path("", views.home, name="home"),
    path("state", views.state, name="state"),
    path("money.csv", views.money_csv, name="home_money"),
]
