"""OpenAPI shapes of operators and their keys. They describe what `representation` writes."""

from __future__ import annotations

from rest_framework import serializers as s

from accounts.models import OperatorRole
from cavendish.http.schema import Page


class Operator(s.Serializer[object]):
    id = s.CharField(help_text="The person's id: usr_…")
    object = s.CharField()
    email = s.EmailField()
    name = s.CharField()
    role = s.ChoiceField(choices=OperatorRole.values, allow_null=True)
    active = s.BooleanField(help_text="Whether the account may sign in.")
    created_at = s.DateTimeField()
    last_login_at = s.DateTimeField(allow_null=True)


class OperatorWithPassword(Operator):
    password = s.CharField(
        required=False, help_text="Of a new account, shown only once; not when the request is sent again."
    )


class OperatorPage(Page):
    data = Operator(many=True)


class OperatorKey(s.Serializer[object]):
    id = s.CharField()
    object = s.CharField()
    name = s.CharField()
    prefix = s.CharField(help_text="The beginning of the secret, which identifies the key.")
    role = s.ChoiceField(choices=OperatorRole.values)
    status = s.ChoiceField(choices=["active", "expired", "revoked"])
    created_at = s.DateTimeField()
    created_by = s.CharField(allow_null=True, help_text="The operator; null for keys made on the machine.")
    expires_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)
    last_used_at = s.DateTimeField(allow_null=True, help_text="Accurate to about a minute.")


class OperatorKeyWithSecret(OperatorKey):
    secret = s.CharField(required=False, help_text="Shown only once; not when the request is sent again.")


class OperatorKeyPage(Page):
    data = OperatorKey(many=True)
