"""How what a provider said is written: as the operator's role, for a tenant's requests may only read these tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from cavendish.db.router import acting_as, current_alias


@contextmanager
def operator_reading() -> Iterator[None]:
    """The operator's role. Each query names its tenant itself, for no policy does."""
    alias = current_alias()
    with acting_as("operator" if alias == "default" else alias):
        yield


@contextmanager
def operator_writing() -> Iterator[None]:
    """A transaction as the operator's role. No network in it."""
    with operator_reading(), transaction.atomic(using=current_alias()):
        yield
