"""Request bodies that create and change API keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from accounts.keys.services import MAX_OVERLAP, MAX_RANGES, PAST, ip_range_error, ip_range_parse
from accounts.models import Scope
from cavendish.db import ids
from cavendish.http.json_body import Body, Choice, Flag, Listed, Moment, Text, WholeNumber

MAX_INTEGER = 2**31 - 1
DEFAULT_SCOPES = ("generate", "read", "files")
"""The scopes of a key that is created without naming any."""


class Member(Text):
    """A member's id, which is the person's. A malformed id is refused like one that does not exist."""

    def run_validation(self, data: Any = empty) -> Any:
        text = super().run_validation(data)
        return text if text is None else ids.decode(ids.USER, text) or UUID(int=0)


class IpRange(Text):
    """An address or a range. The service checks it too; here a wrong one is named beside other errors of the body."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if ip_range_parse(text) is None:
            raise ValidationError(ip_range_error(text), code="unknown_value")
        return text


class Future(Moment):
    """A time that has not passed yet."""

    default_error_messages = {"out_of_range": PAST}

    def to_internal_value(self, value: Any) -> Any:
        moment = super().to_internal_value(value)
        if moment <= timezone.now():
            self.fail("out_of_range")
        return moment


class KeyChange(Body):
    """The fields of a key that can be changed."""

    name = Text(max_length=100)
    scopes = Listed(child=Choice(choices=Scope.values), max_length=len(Scope), help_text="See docs/roles.md.")
    ip_ranges = Listed(
        child=IpRange(max_length=64),
        max_length=MAX_RANGES,
        help_text="IPv4 and IPv6 addresses and ranges that may use the key; empty allows all.",
    )
    allowed_models = Listed(
        child=Text(max_length=100),
        max_length=50,
        allow_null=True,
        help_text="null allows all models that the tenant may use.",
    )
    expires_at = Future(allow_null=True)
    member_id = Member(
        max_length=40,
        allow_null=True,
        help_text="The member whose budgets and usage the key counts for; null means the tenant only.",
    )
    requests_per_minute = WholeNumber(
        min_value=0,
        max_value=MAX_INTEGER,
        allow_null=True,
        help_text="null uses the platform's default; 0 means no limit.",
    )
    images_per_minute = WholeNumber(
        min_value=0,
        max_value=MAX_INTEGER,
        allow_null=True,
        help_text="null uses the platform's default; 0 means no limit.",
    )
    jobs_in_flight = WholeNumber(
        min_value=0,
        max_value=MAX_INTEGER,
        allow_null=True,
        help_text="Interactive jobs queued and running at once; null means no limit.",
    )


class KeyNew(KeyChange):
    livemode = Flag(
        required=False, help_text="Defaults to the mode of the key that creates it. Test keys create test keys only."
    )

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name, field in fields.items():
            field.required = name == "name"
        return fields


class KeyRotation(Body):
    overlap_seconds = WholeNumber(
        min_value=0,
        max_value=int(MAX_OVERLAP.total_seconds()),
        required=False,
        help_text="How long the old secret keeps working. Defaults to 86400; 0 ends it now.",
    )
