"""What the console's pages show beside the books of `bench_seed`, for one tenant, written in bulk as the owner.

Prompts are of a few dozen words, so that some are frequent; "zebra" stands in one alone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from uuid import UUID

from django.db import connections
from django.utils import timezone

from cavendish.db.ids import first_at, new_id
from generations.search.terms import terms_of
from tests.bench.admin_rows import OUTPUTS, UUID7

WORDS = [
    "red",
    "green",
    "blue",
    "poster",
    "cat",
    "dog",
    "lighthouse",
    "travel",
    "banana",
    "dish",
    "perfume",
    "chair",
    "lemon",
    "harbour",
    "planet",
    "tram",
    "winter",
    "spring",
    "morning",
    "light",
    "gouache",
    "photo",
    "studio",
    "label",
    "小猫",
    "茶",
    "sunset",
    "caravan",
]
SILENT = (
    "generations_output", "generations_generationcontent", "generations_generationterms", "generations_generationtag",
    "generations_collection", "generations_collectionoutput",
)  # fmt: skip


def rows_write(tenant: UUID) -> int:
    """Gives each job a prompt, the terms to find it and, if it succeeded, a picture; half a tag. Returns how many."""
    draw = random.Random(7)
    with connections["owner"].cursor() as cursor:
        cursor.execute(UUID7)
        for table in SILENT:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(OUTPUTS.replace("%'", "%%'"), {"outputs": 10_000_000})
        cursor.execute("SELECT id FROM generations_generation WHERE tenant_id = %s ORDER BY id", [tenant])
        jobs = [row[0] for row in cursor.fetchall()]
        contents, terms, tags = [], [], []
        for number, job in enumerate(jobs):
            prompt = f"{' '.join(draw.choices(WORDS, k=3))} number {number}{' zebra' if number == 5 else ''}"
            steps = [{"type": "user_input", "content": [{"type": "text", "text": prompt}]}]
            contents.append((job, tenant, json.dumps({"input": prompt}), json.dumps({"steps": steps}), *["[]"] * 4))
            terms.append((job, tenant, terms_of(steps, tenant_id=tenant, livemode=True)))
            tags += [(new_id(), tenant, job, "Common", "common")] if number % 2 else []
        _copy(
            cursor,
            "generations_generationcontent",
            "generation_id, tenant_id, request, plan, content, thoughts, steps, notices",
            contents,
        )
        _copy(cursor, "generations_generationterms", "generation_id, tenant_id, terms", terms)
        _copy(cursor, "generations_generationtag", "id, tenant_id, generation_id, tag, folded", tags)
        collection = first_at(timezone.now())
        cursor.execute(
            """INSERT INTO generations_collection (id, tenant_id, livemode, name, description)
               VALUES (%s, %s, true, 'Campaign', '')""",
            [collection, tenant],
        )
        cursor.execute(
            """INSERT INTO generations_collectionoutput (collection_id, output_id, tenant_id)
               SELECT %s, id, tenant_id FROM generations_output WHERE tenant_id = %s ORDER BY id DESC LIMIT 5000""",
            [collection, tenant],
        )
        for table in SILENT:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        for table in SILENT:
            cursor.execute(f"VACUUM (ANALYZE) {table}")
    return len(jobs)


def _copy(cursor: object, table: str, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as target:  # type: ignore[attr-defined]
        for row in rows:
            target.write_row(row)
