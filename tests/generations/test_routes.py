"""One request, sent alone or as a batch's item or made by the tests' factory, becomes the same job.

Everything that is stored of a job is compared, and the request sets everything that a request can set: a field that is
threaded through one route and forgotten on another fails here.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from accounts.authentication.principal import Principal, principal_of
from accounts.models import Tenant
from cavendish.db import ids
from generations.accept.funnel import generation_accept
from generations.prompt_templates.selectors import template_finder
from generations.request import GenerationRequest, request_parse
from generations.services import generation_delete
from tests.batches.helpers import feed, generations
from tests.factories import make_batch, make_key, make_tenant, submit_generation
from tests.generations.helpers import claim, finish, register, rows, succeeded
from tests.request.helpers import FLASH, LITE, inline, picture, read

pytestmark = pytest.mark.usefixtures("quiet")

# What tells one job from another.
OF_ITS_OWN = {
    "generations_generation": {"id", "created_at", "run_after", "deadline_at"},
    "generations_generationcontent": {"generation_id"},
    "generations_file": {"id", "storage_key", "created_at"},
    "billing_hold": {"generation_id", "created_at", "seal"},
    "events_event": {"id", "subject", "xid", "at"},
}
# An item runs at low priority, until the batch's day is over.
OF_AN_ITEM = {
    "generations_generation": {"batch_id", "batch_index", "tier", "priority"},
}
WRITTEN = "zebra-4711"
"""Stands wherever a person may write in a body."""
# What a body of the native API cannot say.
OF_THE_DIALECT = {"dialect", "background", "stream", "ignored"}
# What only a single request can say: items of batches and the tests' factory make one job each.
OF_ONE_ROUTE = {"variants"}


def full_body(previous: UUID) -> dict[str, Any]:
    """A body that sets everything that a body can set."""
    return {
        "model": FLASH,
        "input": [
            {"type": "image", "data": inline(picture()), "mime_type": "image/png", "role": "object"},
            {"type": "video", "uri": "https://youtu.be/UTdfxFyOQTI"},
        ],
        "template": {
            "id": "comic_panels",
            "version": 1,
            "language": "zh",
            "values": {"style": WRITTEN, "type_of_scene": WRITTEN},
        },
        "response_format": {"type": "image", "aspect_ratio": "16:9", "image_size": "2K", "mime_type": "image/jpeg"},
        "system_instruction": WRITTEN,
        "generation_config": {
            "thinking_level": "high",
            "thinking_summaries": "auto",
            "temperature": 0.5,
            "top_p": 0.5,
            "seed": 5,
            "max_output_tokens": 9000,
            "stop_sequences": [WRITTEN],
        },
        "tools": [{"type": "google_search", "search_types": ["image_search"]}],
        "max_images": 2,
        "previous_generation_id": ids.encode(ids.GENERATION, previous),
        "store": False,
        "metadata": {WRITTEN: WRITTEN},
        "deadline": 90,
        "webhook": {"url": "https://8.8.8.8/hook", "events": ["generation.succeeded"]},
        "safety_settings": [{"type": "harassment", "threshold": "off"}],
    }


def test_the_full_body_sets_everything_that_a_request_can_set(tmp_path: Path) -> None:
    templates = template_finder(tenant_id=UUID(int=0), livemode=True)
    full = request_parse(read(tmp_path, full_body(UUID(int=0))), templates=templates)
    plain = request_parse({"model": LITE, "input": "a"})
    same = {
        field.name for field in fields(GenerationRequest) if getattr(full, field.name) == getattr(plain, field.name)
    }
    assert same == OF_THE_DIALECT | OF_ONE_ROUTE


def tenant_with_a_turn() -> tuple[Tenant, Principal, str, UUID]:
    """A tenant, its key's principal and secret, and a generation of it that can be continued."""
    tenant = make_tenant()
    secret = make_key(tenant)[1]
    who = principal_of(secret)
    assert who is not None
    previous = submit_generation(tenant, key_id=who.key_id)
    end()
    return tenant, who, secret, previous


def end() -> None:
    """Ends the one job that waits, with a picture."""
    (job,) = claim(register())
    assert finish(job, succeeded(job)) == "ended"


def alone(tenant: Tenant, who: Principal, secret: str, body: dict[str, Any], spool: Path) -> UUID:
    return generation_accept(who=who, body=io.BytesIO(json.dumps(body).encode()), dialect="native").id


def as_item(tenant: Tenant, who: Principal, secret: str, body: dict[str, Any], spool: Path) -> UUID:
    batch = make_batch(tenant, body, secret=secret)
    feed()
    (generation_id,) = generations(batch)
    return generation_id


def by_factory(tenant: Tenant, who: Principal, secret: str, body: dict[str, Any], spool: Path) -> UUID:
    return submit_generation(tenant, key_id=who.key_id, member_id=who.member_id, **read(spool, body))


def stored(generation_id: UUID) -> dict[str, list[dict[str, Any]]]:
    """Every row that belongs to a job, by table."""
    tables = {
        "generations_generation": "id = %s",
        "generations_generationcontent": "generation_id = %s",
        "generations_file": """(SELECT request::text FROM generations_generationcontent WHERE generation_id = %s)
            LIKE '%%' || replace(id::text, '-', '') || '%%'""",
        "billing_hold": "generation_id = %s",
        "events_event": "subject = %s",
    }
    return {
        table: rows("owner", f"SELECT * FROM {table} WHERE {condition}", generation_id)
        for table, condition in tables.items()
    }


def without_ids(value: Any) -> str:
    return re.sub(
        r"(?<=file_)[0-9a-f]{32}|(?<=/files/)[0-9a-f]{32}", "…", json.dumps(value, default=str, sort_keys=True)
    )


def comparable(table: str, row: dict[str, Any]) -> dict[str, str]:
    return {name: without_ids(value) for name, value in row.items() if name not in OF_ITS_OWN[table]}


@pytest.mark.parametrize(("route", "apart"), [(as_item, OF_AN_ITEM), (by_factory, {})])
def test_a_request_becomes_the_same_job_on_every_route(
    route: Callable[..., UUID], apart: dict[str, set[str]], tmp_path: Path
) -> None:
    tenant, who, secret, previous = tenant_with_a_turn()
    body = full_body(previous)
    first, second = (stored(take(tenant, who, secret, body, tmp_path)) for take in (alone, route))
    for table in OF_ITS_OWN:
        assert len(first[table]) == len(second[table]) == 1, table
        one, other = (comparable(table, found[table][0]) for found in (first, second))
        assert {name for name in one if one[name] != other[name]} == apart.get(table, set()), table


def test_an_erased_generation_holds_nothing_that_a_person_wrote(tmp_path: Path) -> None:
    tenant, who, secret, previous = tenant_with_a_turn()
    generation_id = alone(tenant, who, secret, full_body(previous), tmp_path)
    end()
    assert json.dumps(stored(generation_id), default=str).count(WRITTEN) > 6
    assert generation_delete(tenant_id=tenant.id, generation_id=generation_id, livemode=True)
    assert WRITTEN not in json.dumps(stored(generation_id), default=str)
