"""`/api/v1/models`: what each model can do, what it costs this tenant, and the guide's advice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication.drf import principal
from accounts.authentication.principal import Principal
from billing.money import price_text
from billing.prices.pricing import PER_IMAGE
from billing.prices.selectors import price_book
from cavendish.db.tenancy import tenant_context
from cavendish.gemini.catalog import Model
from cavendish.http.problems import not_found
from cavendish.http.schema import problems
from generations.api import schema
from generations.selectors import models_offered


def model_json(model: Model, who: Principal) -> dict[str, Any]:
    """Inside the tenant's door."""
    book = price_book(tenant_id=who.tenant_id, model=model.id, tier="standard")
    return {
        "id": model.id,
        "object": "model",
        "name": model.name,
        "description": model.description,
        "deprecated": (
            {"successor": model.deprecated.successor, "note": model.deprecated.note} if model.deprecated else None
        ),
        "image_sizes": list(model.sizes),
        "aspect_ratios": list(model.aspect_ratios),
        "default_image_size": model.default_size,
        "default_aspect_ratio": model.default_aspect_ratio,
        "resolutions": [
            {
                "aspect_ratio": row.aspect_ratio,
                "image_size": row.image_size,
                "width": row.width,
                "height": row.height,
                "tokens": row.tokens,
                "price_page_tokens": row.price_page_tokens,
                "assumed": row.assumed,
                "note": row.note or None,
            }
            for row in model.resolutions
        ],
        "input": {
            "kinds": sorted(model.input_kinds),
            "max_images": model.max_images_in,
            "roles": dict(model.role_limits),
            "image_mime_types": list(model.input_mime_types),
            "video_mime_types": list(model.video_mime_types),
            "token_limit": model.input_token_limit,
            "tokens_per_image": model.tokens_per_input_image,
        },
        "output": {
            "mime_types": list(model.output_mime_types),
            "token_limit": model.output_token_limit,
            "interleaves": model.interleaves,
            "max_images_default": model.max_images_default,
            "max_images_limit": model.max_images_limit,
            "watermark": model.watermark,
        },
        "search_types": list(model.search_types),
        "thinking": {
            "thinks": model.thinks,
            "levels": list(model.thinking_levels),
            "default": model.default_thinking,
            "max_interim_images": model.max_interim_images,
        },
        "prices": {
            "currency": book.currency,
            "lines": _prices(model, who, "standard"),
            "batch_lines": _prices(model, who, "batch"),
        },
        "notes": list(model.notes),
    }


def _prices(model: Model, who: Principal, tier: str) -> list[dict[str, Any]]:
    """A line for each kind; where pictures have fixed prices, one for each size."""
    lines: list[dict[str, Any]] = []
    for size in model.sizes:
        book = price_book(tenant_id=who.tenant_id, model=model.id, tier=tier, image_size=size)
        for kind, price in book.prices.items():
            line = {
                "kind": kind,
                "unit": price["unit"],
                "unit_price": price_text(Decimal(price["price"])),
                "image_size": size if price["unit"] == PER_IMAGE else None,
            }
            if line not in lines:
                lines.append(line)
    return sorted(lines, key=lambda line: str(line["kind"]))


class ModelList(APIView):
    scopes = {"GET": "read"}

    @extend_schema(operation_id="models_list", responses={200: schema.ModelPage, **problems(401, 403)}, tags=["models"])
    def get(self, request: Request) -> Response:
        """The models that this key may use and the plan offers."""
        who = principal(request)
        offered = models_offered(who)
        with tenant_context(who.tenant_id):
            shown = [model_json(model, who) for model in offered]
        return Response({"object": "list", "data": shown, "has_more": False, "next_cursor": None})


class ModelDetail(APIView):
    scopes = {"GET": "read"}

    @extend_schema(operation_id="models_get", responses={200: schema.Model, **problems(401, 403, 404)}, tags=["models"])
    def get(self, request: Request, model_id: str) -> Response:
        who = principal(request)
        model = next((model for model in models_offered(who) if model.id == model_id), None)
        if model is None:
            raise not_found()
        with tenant_context(who.tenant_id):
            return Response(model_json(model, who))
