"""What was asked and what came back, of the jobs that still have it, through the product's own reading of requests."""

from __future__ import annotations

import random
from typing import Any

from cavendish.above.demo.jobs import Job
from cavendish.above.demo.pictures import Picture
from cavendish.above.seeding.rows import uuid7
from cavendish.events.models import Event
from cavendish.gemini.catalog import get_model
from cavendish.sandbox import prose
from generations.accept.inputs import Inputs
from generations.accept.job_spec import job_spec_build
from generations.models import Generation, GenerationContent, GenerationTerms, Output
from generations.request import request_canonical, request_parse
from generations.request.media_types import EXTENSIONS
from generations.search.terms import terms_of


class Contents:
    """Collects the rows of kept jobs."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.contents: list[GenerationContent] = []
        self.terms: list[GenerationTerms] = []
        self.outputs: list[Output] = []
        self.events: list[Event] = []
        self.bytes: list[tuple[str, bytes]] = []

    def add(self, job: Job, picture: Picture) -> None:
        inputs = Inputs(previous=_generation(job.previous)) if job.previous else Inputs()
        parsed = request_parse(request_of(job, picture.mime_type))
        spec = job_spec_build(parsed, inputs)
        output = self._output(job, picture) if job.status == "succeeded" else None
        content, steps, grounding = _answer(job, output)
        job.content = {"output": output}
        self.contents.append(
            GenerationContent(
                generation_id=job.id,
                tenant_id=job.tenant.id,
                request=request_canonical(parsed, {}),
                job_spec=spec.body,
                content=content,
                thoughts=[{"type": "text", "text": prose.thought_text(job.prompt.text)}] if job.work.thinking else [],
                grounding=grounding,
                steps=steps,
                usage_reported=_reported(job),
                notices=spec.notices,
            )
        )
        terms = terms_of(spec.body["steps"], tenant_id=job.tenant.id, livemode=job.livemode)
        self.terms.append(GenerationTerms(generation_id=job.id, tenant_id=job.tenant.id, terms=terms))
        self._history(job)

    def _output(self, job: Job, picture: Picture) -> Output:
        output_id = uuid7(job.finished_at, self.rng)
        key = f"tenants/{job.tenant.id.hex}/outputs/{job.id.hex}/{output_id.hex}.{EXTENSIONS[picture.mime_type]}"
        self.bytes.append((key, picture.data))
        output = Output(
            id=output_id,
            tenant_id=job.tenant.id,
            generation_id=job.id,
            index=0,
            mime_type=picture.mime_type,
            width=picture.resolution.width,
            height=picture.resolution.height,
            bytes=len(picture.data),
            sha256=picture.sha256,
            tokens=job.work.resolution.tokens,
            sandbox=True,
            storage_key=key,
            created_at=job.finished_at,
        )
        self.outputs.append(output)
        return output

    def _history(self, job: Job) -> None:
        self.events += [
            Event(tenant_id=job.tenant.id, subject=job.id, type=type, data=data, at=at)
            for at, type, data in job.history()
        ]

    def save(self) -> None:
        """Writes all rows; events in the order of time."""
        GenerationContent.objects.bulk_create(self.contents, batch_size=200)
        GenerationTerms.objects.bulk_create(self.terms, batch_size=500)
        Output.objects.bulk_create(self.outputs, batch_size=500)
        Event.objects.bulk_create(sorted(self.events, key=lambda event: event.at), batch_size=1000)


def request_of(job: Job, mime_type: str) -> dict[str, Any]:
    """Returns the body that the client sent."""
    work = job.work
    image: dict[str, Any] = {"type": "image", "aspect_ratio": work.resolution.aspect_ratio}
    if len(get_model(work.model).sizes) > 1:
        image["image_size"] = work.resolution.image_size
    if mime_type == "image/jpeg":
        image["mime_type"] = mime_type
    tree: dict[str, Any] = {
        "model": work.model,
        "input": job.prompt.text,
        "response_format": [{"type": "text"}, image] if work.wants_text else image,
        "max_images": 1,
    }
    if work.thinking:
        tree["generation_config"] = {"thinking_level": work.thinking}
    if work.search_types:
        tree["tools"] = [{"type": "google_search"}]
    if job.previous is not None:
        tree["previous_generation_id"] = f"gen_{job.previous.id.hex}"
    if job.variants > 1:
        tree["n"] = job.variants
    if job.tag:
        tree["metadata"] = {job.tenant.profile.tag: job.tag}
    return tree


def _answer(
    job: Job, output: Output | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any] | None]:
    """Returns content, steps and grounding, as a worker keeps them."""
    if output is None:
        return [], [], None
    steps: list[dict[str, Any]] = []
    content: list[dict[str, Any]] = []
    blocks: list[dict[str, Any]] = []
    grounding: dict[str, Any] = {"search_queries": [], "search_suggestions": [], "citations": []}
    if job.work.thinking:
        summary = [{"type": "text", "text": prose.thought_text(job.prompt.text)}]
        steps.append({"type": "thought", "summary": summary, "signature": prose.signature(job.id.hex)})
    if job.work.search_types:
        query = job.prompt.search
        text = prose.cited_text(("web_search",), query)
        raw = text["text"].encode()
        cited = [
            {
                "url": note["url"],
                "title": note["title"],
                "start_index": note["start_index"],
                "end_index": note["end_index"],
                "text": raw[note["start_index"] : note["end_index"]].decode(),
            }
            for note in text["annotations"]
        ]
        grounding = {
            "search_queries": [query],
            "search_suggestions": [prose.search_suggestions(query)],
            "citations": cited,
        }
        steps.append({"type": "google_search_call", "arguments": {"queries": [query]}})
        steps.append(
            {"type": "google_search_result", "result": [{"search_suggestions": prose.search_suggestions(query)}]}
        )
        content.append({"type": "text", "text": text["text"], "citations": cited})
        blocks.append(text)
    elif job.work.wants_text:
        words = prose.caption(0, 1)
        content.append({"type": "text", "text": words, "citations": []})
        blocks.append({"type": "text", "text": words})
    content.append({"type": "image", "output_id": str(output.id)})
    blocks.append(
        {
            "type": "image",
            "mime_type": output.mime_type,
            "output_id": str(output.id),
            "storage_key": output.storage_key,
            "bytes": output.bytes,
        }
    )
    steps.append({"type": "model_output", "content": blocks})
    return content, steps, grounding


def _reported(job: Job) -> dict[str, Any] | None:
    """Returns the usage in the upstream's words."""
    work = job.work
    if job.status != "succeeded":
        return None
    outputs = [{"modality": "image", "tokens": work.resolution.tokens}]
    if work.text_output:
        outputs.append({"modality": "text", "tokens": work.text_output})
    total_output = work.resolution.tokens + work.text_output
    return {
        "total_input_tokens": work.text_input,
        "input_tokens_by_modality": [{"modality": "text", "tokens": work.text_input}],
        "total_output_tokens": total_output,
        "output_tokens_by_modality": outputs,
        "total_thought_tokens": work.thought,
        "total_tokens": work.text_input + total_output + work.thought,
    }


def _generation(job: Job) -> Generation:
    return Generation(id=job.id, upstream_id="", upstream_key="", upstream_host="")
