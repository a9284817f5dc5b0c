"""What people put on their pictures and prompts: ratings, tags, collections, share links, templates, guard rules."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from cavendish.above.demo.history import History, actor_of
from cavendish.above.demo.jobs import Job
from cavendish.above.demo.people import TenantRows
from cavendish.above.seeding.rows import uuid7
from generations.labels.folding import tag_folded
from generations.models import (
    Collection,
    CollectionOutput,
    GenerationTag,
    GuardRule,
    Output,
    PromptTemplate,
    PromptTemplateVersion,
    ShareLink,
)
from generations.request import slots_in

TAGS = {"en": ("approved", "retouch", "client review"), "zh": ("已通过", "需修改", "首页")}
COLLECTIONS = {
    "acme": ("Winter lookbook", "Black Friday"),
    "fable": ("Chapter 3 mood", "Textures to keep"),
    "yunshang": ("春节海报",),
    "northwind": ("Best sellers",),
    "lumen": ("Geography, year 5",),
}
TEMPLATES = {
    "acme": ("Lookbook page", "Lookbook: [garment] in [place], natural light, 50 mm",
             {"garment": "camel coat", "place": "snow"}),
    "globex": ("Catalogue shot", "Product photo of [product] on a [ground] ground, soft shadow",
               {"product": "a toaster", "ground": "light grey"}),
    "yunshang": ("节日海报", "[festival]海报:[subject],国潮风格", {"festival": "春节", "subject": "小龙和灯笼"}),
    "lumen": ("Worksheet figure", "A cross section of [thing] for a school worksheet, labels left blank",
              {"thing": "a volcano"}),
}  # fmt: skip


def outputs_rate(outputs: Sequence[Output], rng: random.Random) -> None:
    """Rates a part of the outputs, before they are saved."""
    for output in outputs:
        chance = rng.random()
        output.favorite = chance < 0.12
        output.rating = rng.choice((3, 4, 4, 5, 5)) if chance < 0.3 else 1 if chance > 0.985 else None


def tags_create(kept: Sequence[Job], rng: random.Random) -> None:
    GenerationTag.objects.bulk_create(
        GenerationTag(
            id=uuid7(job.finished_at + timedelta(minutes=3), rng),
            tenant_id=job.tenant.id,
            generation_id=job.id,
            tag=tag,
            folded=tag_folded(tag),
        )
        for job in kept
        if job.status == "succeeded" and rng.random() < 0.2
        for tag in [rng.choice(TAGS[job.tenant.profile.language])]
    )


def collections_create(kept: Sequence[Job], rng: random.Random) -> None:
    """Puts a third of a tenant's outputs into its collections; a few generations get lasting links."""
    by_slug: dict[str, list[Job]] = {}
    for job in kept:
        if job.livemode and job.content.get("output") is not None:
            by_slug.setdefault(job.tenant.profile.slug, []).append(job)
    for slug, names in COLLECTIONS.items():
        jobs = by_slug.get(slug, [])
        for place, name in enumerate(names):
            chosen = jobs[place :: 3 * len(names)]
            if not chosen:
                continue
            at = chosen[0].finished_at + timedelta(minutes=1)
            collection = Collection.objects.create(
                id=uuid7(at, rng), tenant=chosen[0].tenant.row, livemode=True, name=name, created_at=at, updated_at=at
            )
            CollectionOutput.objects.bulk_create(
                CollectionOutput(
                    collection=collection,
                    output=job.content["output"],
                    tenant=job.tenant.row,
                    added_at=job.finished_at + timedelta(minutes=1),
                )
                for job in chosen
            )
        for job in jobs[:2]:
            at = job.finished_at + timedelta(minutes=2)
            ShareLink.objects.create(
                id=uuid7(at, rng),
                tenant=job.tenant.row,
                generation_id=job.id,
                created_at=at,
                expires_at=at + timedelta(days=30),
            )


def templates_create(tenants: Sequence[TenantRows], *, history: History, rng: random.Random) -> None:
    for tenant in tenants:
        template = TEMPLATES.get(tenant.profile.slug)
        if template is None:
            continue
        name, prompt, example = template
        at = history.now - timedelta(days=40)
        row = PromptTemplate.objects.create(
            id=uuid7(at, rng), tenant=tenant.row, livemode=True, version=2, created_at=at
        )
        for version, text in enumerate((prompt.partition(",")[0], prompt), 1):
            slots = slots_in(text)
            PromptTemplateVersion.objects.create(
                template=row,
                version=version,
                tenant=tenant.row,
                name=name,
                prompt=text,
                slots=[{"name": slot, "label": "", "required": True} for slot in slots],
                example={slot: example[slot] for slot in slots},
                created_at=at + timedelta(days=9 * (version - 1)),
            )
        history.add(
            at, tenant.id, "template.created", "template", row.id, actor=actor_of(tenant.owner), after={"name": name}
        )


def guard_rules_create(tenants: Sequence[TenantRows], *, history: History, rng: random.Random) -> None:
    for tenant in tenants:
        slug, at = tenant.profile.slug, history.now - timedelta(days=55)
        rules = []
        if slug in ("acme", "lumen"):
            rules.append(GuardRule(type="words", words=["gore", "blood"], description="Nothing for adults", refusals=7))
        if slug in ("globex", "kite"):
            rules.append(
                GuardRule(type="limits", max_image_size="2K", max_amount=Decimal("0.5"), description="Up to 2K")
            )
        if slug == "vela":
            rules.append(GuardRule(type="words", words=["celebrity"], description="Set after a complaint",
                                   set_by_operator=True, refusals=31))  # fmt: skip
        for rule in rules:
            rule.id, rule.tenant, rule.created_at, rule.updated_at = uuid7(at, rng), tenant.row, at, at
            rule.save(force_insert=True)
            history.add(at, tenant.id, "guard_rule.created", "guard_rule", rule.id, actor=actor_of(tenant.owner),
                        after={"type": rule.type, "description": rule.description})  # fmt: skip
