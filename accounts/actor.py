"""Who does something, as the audit log records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Kind = Literal["key", "person", "operator", "operator_key", "system"]


@dataclass(frozen=True)
class Actor:
    """Who acts: a tenant's key or person, an operator in the admin, an operator's program, or the platform itself.

    `label` is what people recognise (a key's prefix, an email); `address` is where the request came from, or empty.
    """

    kind: Kind
    id: UUID | None
    label: str
    address: str = ""

    @property
    def is_operator(self) -> bool:
        return self.kind in {"operator", "operator_key", "system"}

    def __str__(self) -> str:
        return f"{self.kind} {self.label}" if self.label else self.kind


SYSTEM = Actor("system", None, "")
