"""Bodies that make and change keys, members and invitations."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from accounts.keys.services import PAST, range_read, range_wrong
from accounts.models import Scope
from cavendish.db import ids
from cavendish.http.json_body import Body, Choice, Flag, Listed, Moment, Text, WholeNumber

MOST = 2**31 - 1
EVERYDAY = ("generate", "read", "files")
"""What a key has whose maker names no scopes."""


class Member(Text):
    """A member's id as the person's; one that cannot be one is answered like one that does not exist."""

    def run_validation(self, data: Any = empty) -> Any:
        text = super().run_validation(data)
        return text if text is None else ids.decode(ids.USER, text) or UUID(int=0)


class IpRange(Text):
    """Checked here as in the service, so that a wrong one is named beside whatever else is wrong."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if range_read(text) is None:
            raise ValidationError(range_wrong(text), code="unknown_value")
        return text


class Future(Moment):
    def to_internal_value(self, value: Any) -> Any:
        moment = super().to_internal_value(value)
        if moment <= timezone.now():
            raise ValidationError(PAST, code="out_of_range")
        return moment


class KeyChange(Body):
    """What of a key can be changed."""

    name = Text(max_length=100)
    scopes = Listed(child=Choice(choices=Scope.values), max_length=len(Scope), help_text="See docs/roles.md.")
    ip_ranges = Listed(
        child=IpRange(max_length=64),
        max_length=50,
        help_text="Addresses and ranges, IPv4 and IPv6; empty means everywhere.",
    )
    allowed_models = Listed(
        child=Text(max_length=100), max_length=50, allow_null=True, help_text="null means all that the tenant may use."
    )
    expires_at = Future(allow_null=True)
    member_id = Member(
        max_length=40, allow_null=True, help_text="For whose budgets and usage it counts; null: the tenant's own."
    )
    requests_per_minute = WholeNumber(
        min_value=0, max_value=MOST, allow_null=True, help_text="null: the platform's; 0: none."
    )
    images_per_minute = WholeNumber(
        min_value=0, max_value=MOST, allow_null=True, help_text="null: the platform's; 0: none."
    )
    jobs_in_flight = WholeNumber(min_value=0, max_value=MOST, allow_null=True, help_text="null: no limit.")


class KeyNew(KeyChange):
    livemode = Flag(required=False, help_text="That of the key that asks, when absent. Test keys make test keys.")

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name, field in fields.items():
            field.required = name == "name"
        return fields


class KeyRotation(Body):
    overlap_seconds = WholeNumber(
        min_value=0, max_value=30 * 86400, required=False,
        help_text="How long the old secret still works: 86400 when absent, 0 to end it now.",
    )  # fmt: skip
