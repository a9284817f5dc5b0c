"""Pictures and jobs, failures and durations, of the last sixty minutes and as they are normally at this time.

The last sixty minutes are `ActivityLatestTotal`, everything before `ActivityTotal`: a few rows for each hour, however
many tenants and jobs there are. Only those whose jobs failed are looked up by tenant, in `ActivityLatest`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cavendish.above.admin.home.selectors.window import Normal, Window, hours_of, normal_of, rows
from generations.upkeep.durations import percentile

MAX_WHOSE = 3


@dataclass(frozen=True)
class Latest:
    """Jobs of the last sixty minutes that ended in one way; `durations` are jobs by bucket."""

    outcome: str
    error_code: str
    upstream_status: int
    model: str
    image_size: str
    jobs: int
    pictures: int
    retried: int
    durations: dict[int, int]


@dataclass(frozen=True)
class HourCounts:
    """Jobs that ended in an hour of UTC. `retried` succeeded after a try that failed or a lost worker."""

    hour: datetime
    jobs: int = 0
    pictures: int = 0
    failed: int = 0
    judged: int = 0
    retried: int = 0

    @property
    def failed_share(self) -> float | None:
        """Of those that succeeded or failed; None where there were none."""
        return self.failed / self.judged if self.judged else None


@dataclass(frozen=True)
class Traffic:
    """Pictures and jobs of the last sixty minutes, the same time a week ago (rounded), and 24 whole hours before."""

    pictures: int
    pictures_last_week: int
    jobs: int
    jobs_last_week: int
    hours: list[HourCounts]

    @property
    def pictures_change(self) -> float | None:
        """As a share of last week's: 0.08 is 8 % more. None where there was nothing then."""
        return _change(self.pictures, self.pictures_last_week)


@dataclass(frozen=True)
class Whose:
    tenant_id: UUID
    name: str
    jobs: int


@dataclass(frozen=True)
class Reason:
    """Why jobs failed: the API's `error.code`, and the upstream's HTTP status (None where it gave no answer)."""

    error_code: str
    upstream_status: int | None
    jobs: int
    normal: Normal | None
    whose: list[Whose]
    """Up to three tenants, the most jobs first."""
    tenants: int

    @property
    def is_above(self) -> bool:
        return self.normal is not None and self.jobs > self.normal.high


@dataclass(frozen=True)
class Failures:
    """Failed jobs of the last sixty minutes, of `judged` that succeeded or failed (canceled ones do not count)."""

    failed: int
    judged: int
    normal: Normal | None
    """Of the share."""
    retried: int
    reasons: list[Reason]
    hours: list[HourCounts]

    @property
    def share(self) -> float | None:
        return self.failed / self.judged if self.judged else None

    @property
    def is_above(self) -> bool:
        return self.share is not None and self.normal is not None and self.share > self.normal.high


@dataclass(frozen=True)
class Duration:
    """How long the pictures of a model and size took from the start of their job to its end, in seconds."""

    model: str
    """Empty where all models of a size are taken together."""
    image_size: str
    jobs: int
    pictures: int
    p50: float | None
    p95: float | None
    normal_p50: Normal | None
    normal_p95: Normal | None
    hours: list[float | None]
    """The p95 of 24 whole hours before the current one; None where there were no pictures."""

    @property
    def is_above(self) -> bool:
        return self.p95 is not None and self.normal_p95 is not None and self.p95 > self.normal_p95.high


Histograms = dict[datetime, dict[int, float]]
"""Jobs by hour and bucket of durations."""

_HOURS = """
    SELECT t.hour, sum(t.jobs), sum(t.pictures), coalesce(sum(t.jobs) FILTER (WHERE t.outcome = 'failed'), 0),
           coalesce(sum(t.jobs) FILTER (WHERE t.outcome <> 'canceled'), 0), sum(t.retried)
    FROM generations_activitytotal t WHERE t.livemode = %(livemode)s AND t.hour = ANY (%(hours)s) GROUP BY 1"""
_LATEST = """
    SELECT l.outcome, l.error_code, l.upstream_status, l.model, l.image_size, l.jobs, l.pictures, l.retried,
           l.duration_buckets, l.duration_counts
    FROM generations_activitylatesttotal l WHERE l.livemode = %(livemode)s"""
_WHOSE = """
    SELECT f.error_code, f.upstream_status, f.tenant_id, t.name, f.jobs FROM (
        SELECT l.error_code, l.upstream_status, l.tenant_id, sum(l.jobs) AS jobs FROM generations_activitylatest l
        WHERE l.livemode = %(livemode)s AND l.outcome = 'failed' GROUP BY 1, 2, 3) f
    JOIN accounts_tenant t ON t.id = f.tenant_id ORDER BY f.jobs DESC, t.name"""
_REASONS = """
    SELECT t.error_code, t.upstream_status, t.hour, sum(t.jobs) FROM generations_activitytotal t
    WHERE t.livemode = %(livemode)s AND t.hour = ANY (%(hours)s) AND t.outcome = 'failed' GROUP BY 1, 2, 3"""
_BUCKETS = """
    SELECT t.model, t.image_size, t.hour, t.duration_buckets, t.duration_counts FROM generations_activitytotal t
    WHERE t.livemode = %(livemode)s AND t.hour = ANY (%(hours)s) AND t.outcome = 'succeeded'"""


def hours_counted(window: Window) -> dict[datetime, HourCounts]:
    """Returns the counts of the hours that the page compares with; hours without jobs are not there."""
    hours = sorted({*window.trend(), *hours_of(window.pairs())})
    found = rows(_HOURS, {"livemode": window.livemode, "hours": hours})
    return {hour: HourCounts(hour, *map(int, counts)) for hour, *counts in found}


def latest_counted(window: Window) -> list[Latest]:
    """Returns what the scheduler counted last of the sixty minutes. One statement."""
    return [
        Latest(*(*counts, dict(zip(buckets, jobs, strict=True))))
        for *counts, buckets, jobs in rows(_LATEST, {"livemode": window.livemode})
    ]


def traffic(window: Window, hours: dict[datetime, HourCounts], latest: list[Latest]) -> Traffic:
    """Returns what came and went."""
    week = window.last_week()
    return Traffic(
        pictures=sum(row.pictures for row in latest),
        pictures_last_week=round(window.blend(week, {hour: row.pictures for hour, row in hours.items()})),
        jobs=sum(row.jobs for row in latest),
        jobs_last_week=round(window.blend(week, {hour: row.jobs for hour, row in hours.items()})),
        hours=_trend(window, hours),
    )


def failures(window: Window, hours: dict[datetime, HourCounts], latest: list[Latest]) -> Failures:
    """Returns how many jobs failed and why, the most frequent reason first. Two statements."""
    judged = {hour: row.judged for hour, row in hours.items()}
    failed = {hour: row.failed for hour, row in hours.items()}
    days = [pair for pair in window.pairs() if window.blend(pair, judged)]
    values = {"livemode": window.livemode, "hours": hours_of(days)}
    before: dict[tuple[str, int], dict[datetime, int]] = defaultdict(dict)
    for code, status, hour, jobs in rows(_REASONS, values):
        before[code, status][hour] = int(jobs)
    now: dict[tuple[str, int], int] = defaultdict(int)
    for row in latest:
        if row.outcome == "failed":
            now[row.error_code, row.upstream_status] += row.jobs
    whose: dict[tuple[str, int], list[Whose]] = defaultdict(list)
    if now:
        for code, status, tenant, name, jobs in rows(_WHOSE, {"livemode": window.livemode}):
            whose[code, status].append(Whose(tenant, name, int(jobs)))
    reasons = [
        Reason(
            error_code=key[0],
            upstream_status=key[1] or None,
            jobs=jobs,
            normal=normal_of([window.blend(pair, before[key]) for pair in days]),
            whose=whose[key][:MAX_WHOSE],
            tenants=len(whose[key]),
        )
        for key, jobs in sorted(now.items(), key=lambda item: (-item[1], item[0]))
    ]
    return Failures(
        failed=sum(now.values()),
        judged=sum(row.jobs for row in latest if row.outcome != "canceled"),
        normal=normal_of([window.blend(pair, failed) / window.blend(pair, judged) for pair in days]),
        retried=sum(row.retried for row in latest),
        reasons=reasons,
        hours=_trend(window, hours),
    )


def durations(window: Window, latest: list[Latest]) -> tuple[list[Duration], list[Duration]]:
    """Returns each model and size of the last sixty minutes, and each size of all models together. One statement.

    The most pictures come first.
    """
    now: dict[tuple[str, str], list[Latest]] = defaultdict(list)
    for row in latest:
        if row.outcome == "succeeded":
            for key in ((row.model, row.image_size), ("", row.image_size)):
                now[key].append(row)
    before: dict[tuple[str, str], Histograms] = {key: {} for key in now}
    values = {"livemode": window.livemode, "hours": sorted({*window.trend(), *hours_of(window.pairs())})}
    for model, size, hour, buckets, jobs_of in rows(_BUCKETS, values):
        for key in ((model, size), ("", size)):
            if key in now:
                counts = before[key].setdefault(hour, {})
                for bucket, jobs in zip(buckets, jobs_of, strict=True):
                    counts[bucket] = counts.get(bucket, 0.0) + jobs
    found = [_duration(window, key, counted, before[key]) for key, counted in now.items()]
    found.sort(key=lambda row: (-row.pictures, row.model, row.image_size))
    return [row for row in found if row.model], [row for row in found if not row.model]


def _duration(window: Window, key: tuple[str, str], latest: list[Latest], before: Histograms) -> Duration:
    lately: dict[int, float] = defaultdict(float)
    for row in latest:
        for bucket, jobs in row.durations.items():
            lately[bucket] += jobs
    days = [_blended(window, pair, before) for pair in window.pairs()] if before else []
    p50s, p95s = ([value for day in days if (value := percentile(day, share)) is not None] for share in (0.5, 0.95))
    return Duration(
        *key,
        jobs=sum(row.jobs for row in latest),
        pictures=sum(row.pictures for row in latest),
        p50=percentile(lately, 0.5),
        p95=percentile(lately, 0.95),
        normal_p50=normal_of(p50s),
        normal_p95=normal_of(p95s),
        hours=[percentile(before.get(hour, {}), 0.95) for hour in window.trend()],
    )


def _blended(window: Window, pair: tuple[datetime, datetime], hours: Histograms) -> dict[int, float]:
    """Returns the histogram of the sixty minutes that end at this time of a day."""
    blend: dict[int, float] = {}
    for hour, share in zip(pair, (window.share, 1 - window.share), strict=True):
        for bucket, jobs in hours.get(hour, {}).items():
            blend[bucket] = blend.get(bucket, 0.0) + share * jobs
    return {bucket: jobs for bucket, jobs in blend.items() if jobs}


def _trend(window: Window, hours: dict[datetime, HourCounts]) -> list[HourCounts]:
    return [hours.get(hour, HourCounts(hour)) for hour in window.trend()]


def _change(now: float, before: float) -> float | None:
    return now / before - 1 if before else None
