"""Bodies that make and change tenants."""

from __future__ import annotations

from typing import Any

from accounts.keys.bodies import MOST
from accounts.members.bodies import Email
from cavendish.http.json_body import Body, Flag, Listed, Text, WholeNumber

DAYS = 3650
BYTES = 2**62


class OwnSettings(Body):
    """What a tenant may set itself."""

    name = Text(max_length=200)
    output_retention_days = WholeNumber(
        min_value=1,
        max_value=DAYS,
        allow_null=True,
        help_text="Then a generation is erased but for its cost; null: kept.",
    )
    input_retention_days = WholeNumber(
        min_value=1, max_value=DAYS, allow_null=True, help_text="Of pictures and videos that came as input; null: kept."
    )
    test_keys_enabled = Flag()


class Settings(OwnSettings):
    """What an operator sets."""

    weight = WholeNumber(min_value=1, max_value=1000, help_text="Share of the workers, relative to other tenants.")
    concurrency_limit = WholeNumber(min_value=1, max_value=100_000)
    queue_limit = WholeNumber(min_value=1, max_value=1_000_000)
    requests_per_minute = WholeNumber(
        min_value=0, max_value=MOST, allow_null=True, help_text="null: the default; 0: none."
    )
    images_per_minute = WholeNumber(
        min_value=0, max_value=MOST, allow_null=True, help_text="null: the default; 0: none."
    )
    allowed_models = Listed(child=Text(max_length=100), max_length=50, allow_null=True, help_text="null: all.")
    allowed_sizes = Listed(child=Text(max_length=8), max_length=10, allow_null=True, help_text="null: all.")
    billing_timezone = Text(
        max_length=64, help_text="IANA's name. A change waits until a month has begun in both zones."
    )
    test_daily_requests = WholeNumber(
        min_value=0, max_value=MOST, allow_null=True, help_text="By UTC's days; null: no limit."
    )
    test_daily_bytes = WholeNumber(min_value=0, max_value=BYTES, allow_null=True, help_text="Stored; null: no limit.")


class TenantNew(Settings):
    slug = Text(max_length=50, help_text="Letters a to z, digits, hyphens; for good.")
    plan = Text(max_length=50, required=False, help_text='The slug of a plan; "standard" when absent.')
    opening_balance = Text(
        max_length=60, required=False, help_text='What it has paid in, in the plan\'s currency, like "12.50".'
    )
    owner_email = Email(required=False, help_text="Gets an invitation as the owner.")

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        for name, field in fields.items():
            field.required = name in {"slug", "name"}
        return fields


class Suspension(Body):
    reason = Text(max_length=200, help_text="The tenant reads it in every refusal.")


class Closing(Body):
    reason = Text(max_length=200, required=False, help_text="The tenant reads it in every refusal.")


class PolicyAcceptance(Body):
    version = Text(max_length=32, help_text="The version that was accepted, which must be the one in force.")
    accepted_by = Text(max_length=200, help_text="Who accepted it for the tenant, for the audit.")
