"""All jobs of all tenants, in the order of their ends: the rhythm, the incident, conversations, variants, flags."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from cavendish.above.demo.batches import Batches
from cavendish.above.demo.jobs import FLAGS, MEDIAN_SECONDS, Drawer, Job
from cavendish.above.demo.people import TenantRows
from cavendish.above.demo.pictures import Library, Picture
from cavendish.above.demo.profiles import FAILING, FLASH, PRO
from cavendish.above.demo.prompts import GROUNDED
from cavendish.above.demo.rhythm import arrivals, last_hour
from cavendish.above.demo.tariffs import Tariffs
from cavendish.above.seeding.rows import uuid7
from cavendish.gemini.catalog import get_model

JOBS = 46_000
"""In three months, at scale 1."""
DAYS = 91
LAST_HOUR = {
    "acme": 15,
    "globex": 9,
    "fable": 16,
    "yunshang": 12,
    "northwind": 4,
    "brightside": 5,
    "lumen": 2,
    "kite": 2,
}
WEEKS = 5
"""So many weeks are compared with."""
LAST_MINUTE = ("acme", "globex")
INCIDENT = 12
SPOKEN = ("acme", "fable", "yunshang")
VARIED = ("acme", "globex", "yunshang", "fable")
FLAGGED = ("fable", "yunshang", "acme", "globex", "northwind")
MARGIN = timedelta(seconds=3)
FLAGGED_OPEN = timedelta(days=2)
"""What was flagged longer ago has been decided about."""


@dataclass
class Life:
    """The jobs; `kept` are those that still have their content, each with its picture."""

    jobs: list[Job]
    kept: list[tuple[Job, Picture]] = field(default_factory=list)
    flagged: list[Job] = field(default_factory=list)


def life_draw(
    tenants: Sequence[TenantRows],
    *,
    tariffs: Tariffs,
    library: Library,
    batches: Batches,
    now: datetime,
    days: int,
    scale: float,
    rng: random.Random,
) -> Life:
    drawers = {tenant.id: Drawer(tenant, rng) for tenant in tenants}
    shares = sum(tenant.profile.share for tenant in tenants)
    total = JOBS * scale * days / DAYS
    life = Life([])
    for tenant in tenants:
        drawer = drawers[tenant.id]
        count = max(round(total * tenant.profile.share / shares), 6)
        jobs = [drawer.job(at) for at in arrivals(tenant.profile, count=count, days=days, now=now, rng=rng)]
        jobs += _last_hour(drawer, now=now, days=days, scale=scale, rng=rng)
        jobs = sorted((job for job in jobs if job.finished_at < now - MARGIN), key=lambda job: job.created_at)
        kept = [(job, _picture(job, library, rng)) for job in jobs[-_kept(tenant, scale) :]]
        kept = _special(tenant, kept, library)
        _conversation(tenant, kept)
        kept += _variants(tenant, kept, drawer, now, rng)
        known = {job.id for job in jobs}
        life.jobs += jobs + [job for job, _ in kept if job.id not in known]
        life.kept += kept
    of_batches = batches.draw(tenants, drawers, now=now, scale=scale, days=days)
    life.jobs += of_batches
    life.kept += [
        (job, _picture(job, library, rng)) for job in of_batches if job.finished_at > now - timedelta(hours=6)
    ]
    _flag(life, now, rng)
    for job, _ in life.kept:
        job.kept = True
    for job in life.jobs:
        job.settled = tariffs.settled(
            job.work, plan=job.tenant.profile.plan, at=job.created_at, tier=job.tier, livemode=job.livemode
        )
    life.jobs.sort(key=lambda job: job.finished_at)
    life.kept.sort(key=lambda each: each[0].finished_at)
    return life


def _kept(tenant: TenantRows, scale: float) -> int:
    return max(round(tenant.profile.kept * min(scale * 4, 1)), 5)


def _last_hour(drawer: Drawer, *, now: datetime, days: int, scale: float, rng: random.Random) -> list[Job]:
    """The hour that has just passed is busy whatever the time of the day, and was in the weeks before.

    One tenant's jobs fail in it.
    """
    slug = drawer.tenant.profile.slug
    wanted = LAST_HOUR.get(slug, 0)
    count = max(round(wanted * min(scale, 1)), min(wanted, 2))
    moments = [
        at
        for week in range(min(days // 7, WEEKS) + 1)
        for at in last_hour(
            count=max(round(count * rng.uniform(0.85, 1.0)), 1) if week and count else count,
            now=now - timedelta(weeks=week),
            rng=rng,
        )
        if at > now - timedelta(days=drawer.tenant.profile.active_from)
    ]
    if slug in LAST_MINUTE:
        moments.append(now - timedelta(seconds=80))
    jobs = [drawer.job(at, ended="") for at in moments]
    if slug == FAILING:
        begun = now - timedelta(minutes=58)
        step = timedelta(minutes=54) / INCIDENT
        for place in range(INCIDENT):
            at = begun + step * place + timedelta(seconds=rng.uniform(0, 150))
            job = drawer.job(at, ended="upstream_unavailable")
            job.livemode, key = True, drawer.tenant.keys[0]
            job.key, job.member = key.id, key.member_id
            jobs.append(job)
    return jobs


def _picture(job: Job, library: Library, rng: random.Random) -> Picture:
    """Gives a job the prompt, ratio and size of a drawn picture, and returns that."""
    grounded = bool(job.work.search_types)
    picture = library.pick(job.tenant.profile.language, job.work.model, rng, grounded=grounded)
    _show(job, picture)
    return picture


def _show(job: Job, picture: Picture, **changes: Any) -> None:
    """Makes a job one that asks for a picture; what takes less time takes less of it."""
    row, before = picture.resolution, MEDIAN_SECONDS[job.work.model][job.work.resolution.image_size]
    model = changes.get("model", job.work.model)
    job.prompt = picture.prompt
    job.work = replace(
        job.work,
        **changes,
        resolution=get_model(model).resolution(row.aspect_ratio, row.image_size),
        text_input=picture.prompt.tokens,
        input_images=0,
    )
    share = min(MEDIAN_SECONDS[model][row.image_size] / before, 1)
    if job.started_at is not None and job.status == "succeeded":
        job.finished_at = job.started_at + (job.finished_at - job.started_at) * share


def _special(tenant: TenantRows, kept: list[tuple[Job, Picture]], library: Library) -> list[tuple[Job, Picture]]:
    """A tall picture, a wide one and one of a very long prompt; some that searched the web."""
    wanted: list[Picture] = []
    if tenant.profile.slug in ("acme", "fable"):
        wanted = [*library.special.values(), library.grounded[0], library.grounded[1]]
    elif tenant.profile.slug == "lumen":
        wanted = [library.grounded[2], library.grounded[0]]
    places = [place for place, (job, _) in enumerate(kept) if job.status == "succeeded" and job.livemode][::2]
    for place, picture in zip(places, wanted, strict=False):
        job = kept[place][0]
        searches = picture.prompt in GROUNDED
        _show(
            job,
            picture,
            model=FLASH,
            thinking=None,
            thought=0,
            wants_text=searches,
            text_output=32 if searches else 0,
            search_types=("web_search",) if searches else (),
            queries=1 if searches else 0,
        )
        kept[place] = (job, picture)
    return kept


def _conversation(tenant: TenantRows, kept: list[tuple[Job, Picture]]) -> None:
    """Makes three turns of three jobs of one key."""
    if tenant.profile.slug not in SPOKEN:
        return
    turns: list[Job] = []
    for job, _ in reversed(kept):
        fits = job.status == "succeeded" and job.livemode and not job.work.search_types
        if fits and (not turns or job.finished_at < turns[-1].created_at):
            turns.append(job)
        if len(turns) == 3:
            break
    for later, earlier in pairwise(turns):
        later.previous = earlier
        later.key, later.member = earlier.key, earlier.member = turns[0].key, turns[0].member


def _variants(
    tenant: TenantRows, kept: list[tuple[Job, Picture]], drawer: Drawer, now: datetime, rng: random.Random
) -> list[tuple[Job, Picture]]:
    """Adds three more variants to a job, which were asked for together with it."""
    if tenant.profile.slug not in VARIED:
        return []
    base = next(
        (each for each in kept if each[0].status == "succeeded" and each[0].livemode and each[0].previous is None), None
    )
    if base is None:
        return []
    job, picture = base
    job.group, job.variants = uuid7(job.created_at, rng), 4
    more = []
    for _ in range(3):
        other = drawer.timed(
            job.created_at, key_id=job.key, member=job.member, livemode=True, work=job.work, prompt=job.prompt
        )
        other.group, other.variants, other.tag = job.group, 4, job.tag
        if other.finished_at < now - MARGIN:
            more.append((other, picture))
    return more


def _flag(life: Life, now: datetime, rng: random.Random) -> None:
    """Flags a few charges: some of the last two days, and older ones."""
    shown = {id(job) for job, _ in life.kept}
    by_slug: dict[str, list[Job]] = {}
    for job in life.jobs:
        is_plain = job.livemode and job.status == "succeeded" and job.batch is None and id(job) not in shown
        if is_plain and job.tenant.profile.slug in FLAGGED and job.work.model in (FLASH, PRO):
            by_slug.setdefault(job.tenant.profile.slug, []).append(job)
    for place, slug in enumerate(FLAGGED):
        jobs = by_slug.get(slug, [])
        recent = [job for job in jobs if job.finished_at > now - FLAGGED_OPEN]
        older = [job for job in jobs if job.finished_at < now - 2 * FLAGGED_OPEN]
        chosen = ([rng.choice(recent)] if recent else []) + (rng.sample(older, 2) if len(older) > 1 else [])
        for number, job in enumerate(chosen):
            job.work = replace(job.work, flag=FLAGS[(place + number) % len(FLAGS)])
            life.flagged.append(job)
