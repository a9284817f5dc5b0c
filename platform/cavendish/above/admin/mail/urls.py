from __future__ import annotations

from django.urls import path

from cavendish.above.admin.mail import views

urlpatterns = [
    path("", views.mail, name="mail"),
    path("<uuid:mail_id>/send-again/", views.send_again, name="mail_send_again"),
]
