"""Models and quotes as the native API shows them. Generations, outputs and files are in generations/show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from accounts.authentication.principal import Principal
from billing.money import price_text
from billing.prices.pricing import PER_IMAGE
from billing.prices.quotes import Quote
from billing.prices.selectors import price_book
from cavendish.gemini.catalog import Model, names_of
from generations.accept.job_spec import JobSpec
from generations.tokens.selectors import resolutions_in_force


def model_json(model: Model, who: Principal) -> dict[str, Any]:
    """What a model can do and costs this tenant; needs the tenant's context."""
    book = price_book(tenant_id=who.tenant_id, model=model.id, tier="standard")
    return {
        "id": model.id,
        "object": "model",
        "name": model.name,
        "description": model.description,
        "aliases": names_of(model),
        "confirmed": model.confirmed,
        "deprecated": _deprecated(model),
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
            for row in resolutions_in_force(model)
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


def _deprecated(model: Model) -> dict[str, Any] | None:
    deprecated = model.deprecated
    if deprecated is None:
        return None
    return {"successor": deprecated.successor, "note": deprecated.note, "retires_on": deprecated.retires_on}


def _prices(model: Model, who: Principal, tier: str) -> list[dict[str, Any]]:
    """A line for each kind that a job can be billed for; where pictures have fixed prices, one for each size."""
    lines: list[dict[str, Any]] = []
    for size in model.sizes:
        book = price_book(tenant_id=who.tenant_id, model=model.id, tier=tier, image_size=size)
        for kind, price in book.prices.items():
            if kind not in model.billed_kinds:
                continue
            line = {
                "kind": kind,
                "unit": price["unit"],
                "unit_price": price_text(Decimal(price["price"])),
                "image_size": size if price["unit"] == PER_IMAGE else None,
            }
            if line not in lines:
                lines.append(line)
    return sorted(lines, key=lambda line: str(line["kind"]))


def quote_json(quote: Quote, spec: JobSpec, *, tier: str, variants: int) -> dict[str, Any]:
    model, resolution = spec.estimate.model, spec.resolution
    return {
        **quote.as_json(),
        "model": model.id,
        "tier": tier,
        "n": variants,
        "aspect_ratio": resolution.aspect_ratio if resolution else None,
        "image_size": resolution.image_size if resolution else None,
        "width": resolution.width if resolution else None,
        "height": resolution.height if resolution else None,
        "notes": list(model.notes),
    }
