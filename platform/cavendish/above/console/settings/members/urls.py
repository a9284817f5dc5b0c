from __future__ import annotations

from django.urls import path

from cavendish.above.console.settings.members import views

urlpatterns = [
    path("", views.members, name="members"),
    path("invite/", views.member_invite, name="member_invite"),
    path("invitations/", views.invitations, name="invitations"),
    path("invitations/<str:invitation_id>/resend/", views.invitation_resend, name="invitation_resend"),
    path("invitations/<str:invitation_id>/revoke/", views.invitation_revoke, name="invitation_revoke"),
    path("<str:member_id>/role/", views.member_role, name="member_role"),
    path("<str:member_id>/remove/", views.member_remove, name="member_remove"),
    path("<str:member_id>/leave/", views.member_leave, name="member_leave"),
]
