"""What accounts refuses, each with its status and its stable code; the API answers them as they are.

Refusal
└── AccountsRefused
    ├── NotAllowed             403  the role or the key lacks what it takes
    ├── OperatorNotAllowed     403  the operator's role lacks a permission
    ├── PowersExceeded         403  a key would get more than its maker has
    ├── KeyEnded               409  the key is revoked
    ├── ConsoleKey             409  the console's key has no secret
    ├── RotationRunning        409  the secret before this one still works
    ├── LastOwner              409  a tenant keeps an owner
    ├── LastFullOperator       409  the platform keeps an operator who may do everything
    ├── OwnRole                409  nobody changes their own role
    ├── AlreadyOperator        409
    ├── AddressUnverified      409  an account whose email nobody has verified
    ├── AlreadyMember          409
    ├── AlreadyInvited         409
    ├── InvitationClosed       409  used, revoked or expired
    ├── InvitationForAnother   403  it was sent to another address
    ├── TooManyInvitations     429
    ├── WrongStatus            409  a tenant's status does not lead there
    ├── PolicyOutdated         409  not the version in force
    ├── SecondFactorMissing    409  of whoever requires one of everybody
    ├── SignUpClosed           403  or one person's tenants are too many
    ├── TooManyEndpoints       429  webhooks of one tenant
    ├── EndpointDisabled       409  nothing is sent to it
    └── DeliveryRunning        409  it is being sent
"""

from __future__ import annotations

from cavendish.http.problems import Refusal


class AccountsRefused(Refusal):
    """Base of what accounts refuses; `detail` is for people."""


class NotAllowed(AccountsRefused):
    status_code, code_name = 403, "permission_denied"


class OperatorNotAllowed(AccountsRefused):
    status_code, code_name = 403, "operator_permission_denied"


class PowersExceeded(AccountsRefused):
    status_code, code_name = 403, "powers_exceeded"


class KeyEnded(AccountsRefused):
    code_name = "key_revoked"


class ConsoleKey(AccountsRefused):
    code_name = "console_key"


class RotationRunning(AccountsRefused):
    code_name = "rotation_running"


class LastOwner(AccountsRefused):
    code_name = "last_owner"


class LastFullOperator(AccountsRefused):
    code_name = "last_full_operator"


class OwnRole(AccountsRefused):
    code_name = "own_role"


class AlreadyOperator(AccountsRefused):
    code_name = "already_operator"


class AddressUnverified(AccountsRefused):
    code_name = "address_unverified"


class AlreadyMember(AccountsRefused):
    code_name = "already_member"


class AlreadyInvited(AccountsRefused):
    code_name = "already_invited"


class InvitationClosed(AccountsRefused):
    code_name = "invitation_closed"


class InvitationForAnother(AccountsRefused):
    status_code, code_name = 403, "invitation_for_another"


class TooManyInvitations(AccountsRefused):
    status_code, code_name = 429, "too_many_invitations"


class WrongStatus(AccountsRefused):
    code_name = "wrong_status"


class PolicyOutdated(AccountsRefused):
    code_name = "policy_outdated"


class SecondFactorMissing(AccountsRefused):
    code_name = "second_factor_missing"


class SignUpClosed(AccountsRefused):
    status_code, code_name = 403, "sign_up_closed"


class TooManyEndpoints(AccountsRefused):
    status_code, code_name = 429, "too_many_webhook_endpoints"


class EndpointDisabled(AccountsRefused):
    code_name = "webhook_endpoint_disabled"


class DeliveryRunning(AccountsRefused):
    code_name = "webhook_delivery_running"
