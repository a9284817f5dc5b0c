"""Security schemes of the OpenAPI documents. drf-spectacular finds them once this module is imported."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class OperatorKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.operators.OperatorKeyAuthentication"
    name = "operator"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An operator key: cvd_operator_…"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.drf.ApiKeyAuthentication"
    name = ["bearer", "x-goog-api-key"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Returns one object for each header: a single object with both names would require both."""
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key: cvd_live_… or cvd_test_…"},
            {"type": "apiKey", "in": "header", "name": "x-goog-api-key", "description": "The same key."},
        ]


class StreamScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.stream_tokens.StreamAuthentication"
    name = "stream-token"

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in (*ApiKeyScheme.name, self.name)]

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "query", "name": "token", "description": "Of POST /api/v1/stream-tokens."}


class TenantOrOperatorScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.tenant_or_operator.TenantOrOperatorAuthentication"
    name: list[str] = []  # nothing new: it accepts what the two above describe

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        return [{name: []} for name in (*ApiKeyScheme.name, OperatorKeyScheme.name)]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return []
