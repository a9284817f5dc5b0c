"""Keys judged from a request's head, for views whose authentication asks for one (see cavendish.http.admission)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from accounts.authentication import tokens
from accounts.authentication.drf import ApiKeyAuthentication, GoogleKeyAuthentication
from accounts.authentication.operators import IsOperator, OperatorKeyAuthentication, operator_of
from accounts.authentication.permissions import HasScope
from accounts.authentication.principal import KeyUnread, Principal, principal_known, principal_of
from accounts.authentication.tenant_or_operator import TenantOrOperatorAuthentication
from cavendish.http.admission import STRANGER, Admission, Caller, RequestHead, Unread
from cavendish.http.problems import Problem, problem_of

_OPERATOR = "operator"
"""What operators' requests are counted under, where tenants' stand under their id."""


class KeyAdmission:
    """Asks for a key as one of our authentication classes does, with the same words where it is missing or wrong."""

    def __init__(self, authentication: type[Any], *, required: bool) -> None:
        """Without `required` a request without a key goes on as a stranger's."""
        either = issubclass(authentication, TenantOrOperatorAuthentication)
        self._operators = either or issubclass(authentication, OperatorKeyAuthentication)
        self._tenants = either or issubclass(authentication, ApiKeyAuthentication)
        self._reader = (
            GoogleKeyAuthentication() if authentication is GoogleKeyAuthentication else ApiKeyAuthentication()
        )
        self._realm = authentication().authenticate_header(None)
        self._required = required

    def known(self, head: RequestHead) -> Caller | Unread:
        secret = self._secret(head)
        if not secret:
            return self._without_key()
        if tokens.is_operator_key(secret):
            if not self._operators:
                raise self._wrong()
            return Unread(new=True, shared=(secret, head.address))
        if not self._tenants:
            raise self._wrong()
        try:
            return self._tenant_key(principal_known(secret), head)
        except KeyUnread as unread:
            return Unread(unread.new, shared=(secret, head.address))

    def read(self, head: RequestHead) -> Caller:
        secret = self._secret(head)
        if not secret:
            return self._without_key()
        if self._operators and tokens.is_operator_key(secret):
            operator = operator_of(secret)
            if operator is None:
                raise self._wrong()
            return Caller(_OPERATOR, str(operator.key_id))
        return self._tenant_key(principal_of(secret) if self._tenants else None, head)

    def _secret(self, head: RequestHead) -> str:
        # It reads headers and the query, which a head has as a request has them.
        request: Any = head
        return self._reader.secret_of(request)

    def _tenant_key(self, principal: Principal | None, head: RequestHead) -> Caller:
        if principal is None or not principal.may_come_from(head.address):
            raise self._wrong()
        return Caller(str(principal.tenant_id), str(principal.key_id), principal.scopes)

    def _without_key(self) -> Caller:
        if self._required:
            raise self._unauthenticated(NotAuthenticated())
        return STRANGER

    def _wrong(self) -> Problem:
        return self._unauthenticated(AuthenticationFailed())

    def _unauthenticated(self, error: NotAuthenticated | AuthenticationFailed) -> Problem:
        error.auth_header = self._realm  # type: ignore[union-attr]
        problem = problem_of(error)
        assert problem is not None
        return problem


def admission_of(view: type[Any], options: dict[str, Any]) -> Admission | None:
    """Returns how requests for a view are judged; None where anybody may ask, or where a session says who.

    `options` are those of `as_view`. A view's own `admission` goes before its authentication classes.
    """
    own: Admission | None = getattr(view, "admission", None)
    if own is not None:
        return own
    authentication: Sequence[type[Any]] = options.get(
        "authentication_classes", getattr(view, "authentication_classes", ())
    )
    permissions: Sequence[type[Any]] = options.get("permission_classes", getattr(view, "permission_classes", ()))
    if not authentication:
        return None
    required = any(isinstance(one, type) and issubclass(one, (HasScope, IsOperator)) for one in permissions)
    return KeyAdmission(authentication[0], required=required)
