"""What a report of usage asks for, and its SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

METADATA = "metadata"
Cursor = tuple[str, ...]
"""The sort key of the last row that was seen, as texts."""


@dataclass(frozen=True)
class Dimension:
    """What rows can be grouped by. `sql` is of the roll-up `u`, `type` what its text is cast to in a cursor."""

    sql: str
    type: str
    column: str
    """Its name in CSV, and in JSON."""
    text: str = "{}::text"
    """How it reads in CSV."""


def _id(prefix: str) -> str:
    return f"'{prefix}_' || replace({{}}::text, '-', '')"


# Spreadsheets run what begins like a formula; this is the one text here that a client chose.
_TAG_TEXT = "CASE WHEN {0} ~ '^[-=+@\\t\\r]' THEN '''' || {0} ELSE {0} END"
DIMENSIONS = {
    "tenant": Dimension("u.tenant_id", "uuid", "tenant_id", _id("ten")),
    "hour": Dimension(
        "u.hour", "timestamptz", "hour", "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    ),
    "day": Dimension("u.billing_date", "date", "day"),
    "month": Dimension("date_trunc('month', u.billing_date)::date", "date", "month", "to_char({}, 'YYYY-MM')"),
    "model": Dimension("u.model", "text", "model"),
    "key": Dimension("u.api_key_id", "uuid", "key_id", _id("key")),
    "member": Dimension("nullif(u.member_id, '00000000-0000-0000-0000-000000000000')", "uuid", "member_id", _id("usr")),
    "size": Dimension("u.image_size", "text", "image_size"),
    "kind": Dimension("u.kind", "text", "kind"),
    "tier": Dimension("nullif(u.tier, '')", "text", "tier"),
    METADATA: Dimension("u.tag", "text", METADATA, _TAG_TEXT),
}
NOT_WITH_METADATA = frozenset({"hour", "key", "member", "tier"})
"""Sums by metadata are kept by day and without these, so that they stay few (decision 0011)."""

MEASURES = """
    coalesce(sum(u.quantity) FILTER (WHERE u.kind IN ('text_input', 'image_input', 'video_input', 'cached_input',
        'text_output', 'thought_output', 'image_output')), 0)::bigint AS tokens,
    coalesce(sum(u.quantity) FILTER (WHERE u.kind = 'search_query'), 0)::bigint AS search_queries,
    coalesce(sum(u.images), 0)::bigint AS images,
    coalesce(sum(u.quantity) FILTER (WHERE u.kind = 'request'), 0)::bigint AS requests,
    coalesce(sum(u.amount), 0)::numeric(20, 9) AS amount,
    coalesce(sum(u.cost), 0)::numeric(20, 9) AS cost,
    coalesce(-sum(u.amount) FILTER (WHERE u.kind = 'absorbed'), 0)::numeric(20, 9) AS absorbed"""


@dataclass(frozen=True)
class UsageQuery:
    """`start` and `end` (exclusive) are billing dates, or instants on whole hours of UTC.

    `tenant_id` is None for all tenants, which only the operator's role sees. `group_by` names DIMENSIONS; with
    "metadata" among them `tag` is the metadata's key.
    """

    start: date | datetime
    end: date | datetime
    livemode: bool
    group_by: tuple[str, ...] = ()
    tag: str | None = None
    tenant_id: UUID | None = None
    model: str | None = None
    key_id: UUID | None = None
    member_id: UUID | None = None
    values: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        names = ("start", "end", "livemode", "tag", "tenant_id", "model", "key_id", "member_id")
        self.values.update({name: getattr(self, name) for name in names})
        if isinstance(self.start, datetime):
            # Hours have no index of their own: a billing date is never more than a day before the date in UTC.
            self.values["first_day"] = self.start.date() - timedelta(days=1)

    @property
    def by_instant(self) -> bool:
        return isinstance(self.start, datetime)

    def conditions(self, instant: str = "r.hour") -> str:
        """Returns SQL conditions on rows `r` of a roll-up or of the records, whose time is `instant`; see `values`."""
        when = "r.billing_date >= %(start)s AND r.billing_date < %(end)s"
        if self.by_instant:
            when = f"r.billing_date >= %(first_day)s AND {instant} >= %(start)s AND {instant} < %(end)s"
        parts = [when, "r.livemode = %(livemode)s"]
        parts += [
            f"r.{column} = %({name})s"
            for name, column in (
                ("tenant_id", "tenant_id"),
                ("model", "model"),
                ("key_id", "api_key_id"),
                ("member_id", "member_id"),
            )
            if self.values[name] is not None
        ]
        return " AND ".join(parts)

    def _source(self) -> str:
        """Returns SQL for rows of the roll-ups. By metadata: those of each value, and the rest without one."""
        where = self.conditions()
        if self.tag is None:
            return f"SELECT r.* FROM billing_usagerollup r WHERE {where}"  # noqa: S608
        columns = "r.tenant_id, r.billing_date, r.livemode, r.model, r.image_size, r.kind"
        return f"""
            SELECT {columns}, r.value AS tag, r.quantity, r.images, r.amount, r.cost
            FROM billing_usagetagrollup r WHERE r.key = %(tag)s AND {where}
            UNION ALL
            SELECT {columns}, NULL, r.quantity, r.images, r.amount, r.cost FROM billing_usagerollup r WHERE {where}
            UNION ALL
            SELECT {columns}, NULL, -r.quantity, -r.images, -r.amount, -r.cost
            FROM billing_usagetagrollup r WHERE r.key = %(tag)s AND {where}"""  # noqa: S608

    def statement(self, *, after: Cursor | None, limit: int | None, totals: bool) -> tuple[str, dict[str, Any]]:
        """Returns (SQL, values). Columns: `whole` (a row of totals), currency, dimensions as d0, d1, …, measures.

        One statement, so that totals are those of the rows beside them. Money is summed by currency.
        """
        picked = [DIMENSIONS[name].sql for name in self.group_by]
        named = "".join(f", {sql} AS d{n}" for n, sql in enumerate(picked))
        sets = [f"({', '.join(['w.currency', *picked])})"] if picked else []
        if totals or not picked:
            sets.append("(w.currency)")
        whole = f"grouping({picked[0]}) = 1" if picked else "true"
        # NULLs last, in an order that a row comparison can follow.
        order = [
            part for n in range(len(picked)) for part in (f"g.d{n} IS NULL", f"coalesce(g.d{n}, {self._least(n)})")
        ]
        order.append("g.currency")
        values = dict(self.values)
        seek = "true"
        if after is not None:
            types = [kind for name in self.group_by for kind in ("boolean", DIMENSIONS[name].type)] + ["text"]
            values |= {f"after{n}": text for n, text in enumerate(after)}
            marks = ", ".join(f"%(after{n})s::{kind}" for n, kind in enumerate(types))
            seek = f"({', '.join(order)}) > ({marks})"
        bound = "" if limit is None else f"LIMIT {limit + 1}"
        sql = f"""
            WITH grouped AS MATERIALIZED (
                SELECT {whole} AS whole, w.currency{named}, {MEASURES}
                FROM ({self._source()}) u
                JOIN billing_wallet w ON w.tenant_id = u.tenant_id AND w.livemode = u.livemode
                GROUP BY GROUPING SETS ({", ".join(sets)})
            ), filled AS (
                SELECT * FROM grouped g
                WHERE g.tokens <> 0 OR g.search_queries <> 0 OR g.requests <> 0 OR g.images <> 0 OR g.amount <> 0
                    OR g.cost <> 0
            )
            (SELECT * FROM filled g WHERE g.whole)
            UNION ALL
            (SELECT * FROM filled g WHERE NOT g.whole AND {seek} ORDER BY {", ".join(order)} {bound})"""  # noqa: S608
        return sql, values

    def _least(self, n: int) -> str:
        """Returns what stands for NULL in the order, where the column before says that it is NULL."""
        least = {"uuid": "'00000000-0000-0000-0000-000000000000'::uuid", "date": "'-infinity'::date", "text": "''"}
        return least.get(DIMENSIONS[self.group_by[n]].type, "'-infinity'::timestamptz")
