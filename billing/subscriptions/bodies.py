"""The body that moves a tenant to a plan."""

from __future__ import annotations

from cavendish.http.json_body import Body, Text


class SubscriptionChange(Body):
    plan_id = Text(max_length=64)
