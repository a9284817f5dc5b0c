"""What `reconcile` compares beside the books (billing.reconcile): jobs with their money, rows with objects."""

from __future__ import annotations

from generations.reconcile.hashes import hashes_compare
from generations.reconcile.jobs import jobs_checks
from generations.reconcile.objects import objects_compare

__all__ = ["hashes_compare", "jobs_checks", "objects_compare"]
