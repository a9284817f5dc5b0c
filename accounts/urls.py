from __future__ import annotations

from django.urls import path

from accounts.audit.api import AuditEventList
from accounts.invitations.api import (
    InvitationDetail,
    InvitationList,
    InvitationResend,
    InvitationRevoke,
    TenantInvitationList,
)
from accounts.keys.api import KeyDetail, KeyList, KeyRevoke, KeyRotate, TenantKeyDetail, TenantKeyList, TenantKeyRevoke
from accounts.members.api import MemberDetail, MemberList, TenantMemberList
from accounts.operators.api import OperatorDetail, OperatorKeyDetail, OperatorKeyList, OperatorKeyRevoke, OperatorList
from accounts.tenants.api import (
    OwnTenant,
    TenantClose,
    TenantDetail,
    TenantList,
    TenantPolicyAcceptance,
    TenantReactivate,
    TenantSuspend,
)
from accounts.tenants.note_api import TenantNoteDetail, TenantNoteList
from accounts.webhooks.api import (
    WebhookDeliveryDetail,
    WebhookDeliveryList,
    WebhookDeliveryResend,
    WebhookEndpointDetail,
    WebhookEndpointList,
    WebhookEndpointResend,
    WebhookEndpointRotate,
    WebhookEndpointTest,
)
from accounts.webhooks.operator_api import TenantWebhookDeliveryResend
from accounts.webhooks.signing_secret_api import WebhookSigningSecret, WebhookSigningSecretRotate

urlpatterns = [
    path("keys", KeyList.as_view()),
    path("keys/<str:key_id>", KeyDetail.as_view()),
    path("keys/<str:key_id>/rotate", KeyRotate.as_view()),
    path("keys/<str:key_id>/revoke", KeyRevoke.as_view()),
    path("members", MemberList.as_view()),
    path("members/<str:member_id>", MemberDetail.as_view()),
    path("invitations", InvitationList.as_view()),
    path("invitations/<str:invitation_id>", InvitationDetail.as_view()),
    path("invitations/<str:invitation_id>/resend", InvitationResend.as_view()),
    path("invitations/<str:invitation_id>/revoke", InvitationRevoke.as_view()),
    path("audit-events", AuditEventList.as_view()),
    path("webhook-endpoints", WebhookEndpointList.as_view()),
    path("webhook-endpoints/<str:endpoint_id>", WebhookEndpointDetail.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/rotate", WebhookEndpointRotate.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/test", WebhookEndpointTest.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/resend", WebhookEndpointResend.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/deliveries", WebhookDeliveryList.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>", WebhookDeliveryDetail.as_view()),
    path("webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>/resend", WebhookDeliveryResend.as_view()),
    path(
        "tenants/<str:tenant_id>/webhook-endpoints/<str:endpoint_id>/deliveries/<str:delivery_id>/resend",
        TenantWebhookDeliveryResend.as_view(),
    ),
    path("webhook-signing-secret", WebhookSigningSecret.as_view()),
    path("webhook-signing-secret/rotate", WebhookSigningSecretRotate.as_view()),
    path("tenants/<str:tenant_id>/keys", TenantKeyList.as_view()),
    path("tenants/<str:tenant_id>/keys/<str:key_id>", TenantKeyDetail.as_view()),
    path("tenants/<str:tenant_id>/keys/<str:key_id>/revoke", TenantKeyRevoke.as_view()),
    path("tenants/<str:tenant_id>/members", TenantMemberList.as_view()),
    path("tenants/<str:tenant_id>/invitations", TenantInvitationList.as_view()),
    path("tenant", OwnTenant.as_view()),
    path("tenants", TenantList.as_view()),
    path("tenants/<str:tenant_id>", TenantDetail.as_view()),
    path("tenants/<str:tenant_id>/suspend", TenantSuspend.as_view()),
    path("tenants/<str:tenant_id>/reactivate", TenantReactivate.as_view()),
    path("tenants/<str:tenant_id>/close", TenantClose.as_view()),
    path("tenants/<str:tenant_id>/notes", TenantNoteList.as_view()),
    path("tenants/<str:tenant_id>/notes/<str:note_id>", TenantNoteDetail.as_view()),
    path("operators", OperatorList.as_view()),
    path("operators/<str:operator_id>", OperatorDetail.as_view()),
    path("operator-keys", OperatorKeyList.as_view()),
    path("operator-keys/<str:operator_key_id>", OperatorKeyDetail.as_view()),
    path("operator-keys/<str:operator_key_id>/revoke", OperatorKeyRevoke.as_view()),
    path("tenants/<str:tenant_id>/policy-acceptance", TenantPolicyAcceptance.as_view()),
]
