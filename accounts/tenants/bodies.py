"""Request bodies that create and change tenants."""

from __future__ import annotations

from typing import Any

from accounts.keys.bodies import MAX_INTEGER
from accounts.members.bodies import Email
from accounts.models.note import MAX_NOTE_CHARS
from cavendish.http.json_body import Body, Flag, Listed, Text, WholeNumber

MAX_DAYS = 3650
MAX_BYTES = 2**62


class OwnSettings(Body):
    """The settings that a tenant controls itself."""

    name = Text(max_length=200)
    output_retention_days = WholeNumber(
        min_value=1,
        max_value=MAX_DAYS,
        allow_null=True,
        help_text="Days after which a generation is erased, except its cost; null keeps it.",
    )
    input_retention_days = WholeNumber(
        min_value=1,
        max_value=MAX_DAYS,
        allow_null=True,
        help_text="Days after which input pictures and videos are erased; null keeps them.",
    )
    test_keys_enabled = Flag()
    allowed_origins = Listed(
        child=Text(max_length=300),
        max_length=50,
        help_text='Origins whose scripts may use the API with a key, like "https://app.example.com".',
    )
    frame_origins = Listed(
        child=Text(max_length=300), max_length=50, help_text="Origins whose pages may embed display pages."
    )
    requires_two_factor = Flag(help_text="Whether members enter the console with a second factor only.")


class Settings(OwnSettings):
    """The settings that an operator controls."""

    weight = WholeNumber(min_value=1, max_value=1000, help_text="Share of the workers, relative to other tenants.")
    concurrency_limit = WholeNumber(min_value=1, max_value=100_000, help_text="Jobs that run at once.")
    queue_limit = WholeNumber(min_value=1, max_value=1_000_000, help_text="Interactive jobs that wait at once.")
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
    allowed_models = Listed(child=Text(max_length=100), max_length=50, allow_null=True, help_text="null allows all.")
    allowed_sizes = Listed(child=Text(max_length=8), max_length=10, allow_null=True, help_text="null allows all.")
    billing_timezone = Text(
        max_length=64, help_text="An IANA name. A change takes effect once a month has begun in both zones."
    )
    test_daily_requests = WholeNumber(
        min_value=0,
        max_value=MAX_INTEGER,
        allow_null=True,
        help_text="Generations of test keys per day in UTC; null means no limit.",
    )
    test_daily_bytes = WholeNumber(
        min_value=0,
        max_value=MAX_BYTES,
        allow_null=True,
        help_text="Bytes that test keys store per day in UTC; null means no limit.",
    )
    storage_quota_bytes = WholeNumber(
        min_value=0,
        max_value=MAX_BYTES,
        allow_null=True,
        help_text="Bytes stored at once, in both modes; null uses the platform's default, 0 means no limit.",
    )


class TenantNew(Settings):
    slug = Text(max_length=50, help_text="Lowercase letters, digits and hyphens. It cannot be changed later.")
    plan = Text(max_length=50, required=False, help_text='The slug of a plan. Defaults to "standard".')
    opening_balance = Text(
        max_length=60,
        required=False,
        help_text='What the tenant has already paid in, in the plan\'s currency, like "12.50".',
    )
    owner_email = Email(required=False, help_text="This person is invited as the owner.")

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name, field in fields.items():
            field.required = name in {"slug", "name"}
        return fields


class NoteText(Text):
    """A text of several lines."""

    def to_internal_value(self, data: Any) -> str:
        text = str(data).replace("\r\n", "\n")
        super().to_internal_value(text.replace("\n", " "))
        return text.strip()


class TenantNoteNew(Body):
    text = NoteText(max_length=MAX_NOTE_CHARS)


class Suspension(Body):
    reason = Text(max_length=200, help_text="Shown to the tenant whenever a request is refused.")


class Closing(Body):
    reason = Text(max_length=200, required=False, help_text="Shown to the tenant whenever a request is refused.")


class PolicyAcceptance(Body):
    version = Text(max_length=32, help_text="The version that was accepted. It must be the current one.")
    accepted_by = Text(max_length=200, help_text="Who accepted it for the tenant. Kept in the audit log.")
