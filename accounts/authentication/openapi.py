"""How the OpenAPI document says what a key is. Found by drf-spectacular when this module is imported."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class OperatorKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.operators.OperatorKeyAuthentication"
    name = "operator"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An operator's key: cvd_operator_…"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.drf.ApiKeyAuthentication"
    name = ["bearer", "x-goog-api-key"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Either header: one object with both names would ask for both."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key: cvd_live_… or cvd_test_…"},
            {"type": "apiKey", "in": "header", "name": "x-goog-api-key", "description": "The same key."},
        ]


class EitherKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.tenant_or_operator.EitherKeyAuthentication"
    name: list[str] = []  # nothing new: it takes what the two above describe

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in (*ApiKeyScheme.name, OperatorKeyScheme.name)]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return []
