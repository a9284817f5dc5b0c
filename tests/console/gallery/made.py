"""Pictures as the gallery shows them, made past the workers."""

from __future__ import annotations

from typing import Any

from accounts.models import Tenant
from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.models import GenerationContent, Output
from tests.console.jobs.stored import picture_add, run
from tests.factories import queue_clear, submit_generation

GALLERY = "/console/gallery/"
SUGGESTION = '<div class="container">sunny lisbon</div>'


def make_picture(tenant: Tenant, prompt: str = "a cat", *, data: bytes = b"picture", **body: Any) -> Output:
    """A picture of a generation that succeeded."""
    queue_clear()
    generation_id = submit_generation(tenant, prompt, **body)
    run()
    output = picture_add(tenant, generation_id, data)
    content_set(output, content=[{"type": "image", "output_id": str(output.id)}])
    with acting_as("owner"):
        found: Output = Output.objects.select_related("generation").get(id=output.id)
    return found


def content_set(output: Output, **fields: Any) -> None:
    with acting_as("owner"):
        GenerationContent.objects.filter(generation_id=output.generation_id).update(**fields)


def ground(output: Output) -> None:
    """Gives a picture a cited sentence, its source and Google's snippet."""
    text = "Lisbon is sunny."
    cited = {
        "url": "https://www.example.org/lisbon", "title": "Weather <b>of</b> Lisbon", "start_index": 0,
        "end_index": len(text), "text": text,
    }  # fmt: skip
    content_set(
        output,
        content=[
            {"type": "text", "text": text, "citations": [cited]},
            {"type": "image", "output_id": str(output.id)},
        ],
        grounding={"search_queries": ["lisbon"], "search_suggestions": [SUGGESTION], "citations": [cited]},
    )


def public(output: Output) -> str:
    return ids.encode(ids.OUTPUT, output.id)


def page_of(output: Output) -> str:
    return f"{GALLERY}{public(output)}/"
