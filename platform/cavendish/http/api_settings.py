"""Settings of REST framework and of its OpenAPI documents."""

from __future__ import annotations

from typing import Any

from cavendish.http.apidoc import DOCS_PAGE, HOOKS

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.drf.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cavendish.http.parsers.SmallJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "cavendish.http.openapi.Schema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "cavendish.http.negotiation.OneRepresentation",
    "EXCEPTION_HANDLER": "cavendish.http.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Cavendish",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "PriceKind": "billing.models.prices.Kind",
        "LedgerKind": "billing.models.ledger.LedgerTransaction.Kind",
        "KeyStatus": ["active", "expired", "revoked"],
        "MemberRole": ["owner", "admin", "developer", "billing", "viewer"],
        "OperatorRole": ["full", "support", "finance", "read_only"],
        "PartType": ["text", "image"],
        "Tier": ["standard", "batch"],
        "GenerationStatus": "generations.models.generation.Status",
        "GuardRuleType": ["words", "limits", "languages", "hook"],
        "EndpointStatus": ["enabled", "disabled"],
        "DeliveryStatus": ["pending", "sending", "succeeded", "failed"],
        "TopUpStatus": ["pending", "requires_action", "succeeded", "failed"],
    },
    "POSTPROCESSING_HOOKS": HOOKS,
    "SWAGGER_UI_SETTINGS": DOCS_PAGE,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
