from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cavendish.db import ids
from cavendish.db.router import acting_as
from generations.jobs.running import BusyWorker, busy_workers

LOOK_SECONDS = 0.5


class Command(BaseCommand):
    help = (
        "Prints what runs where, so that one sees what a drain still waits for: SIGTERM has a worker claim nothing and"
        " let its jobs end (DRAIN_SECONDS). With --wait it returns when nothing runs, with status 1 when time is up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--worker", default="", help="only workers whose names contain this")
        parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="wait until their jobs have ended")

    def handle(self, *args: Any, **options: Any) -> None:
        until = time.monotonic() + options["wait"]
        while True:
            with acting_as("operator"):
                workers = [each for each in busy_workers() if options["worker"] in each.name]
            left = sum(len(worker.jobs) for worker in workers)
            if not left or time.monotonic() >= until:
                break
            time.sleep(LOOK_SECONDS)
        if options["worker"] and not workers:
            self.stdout.write(f"No worker has {options['worker']} in its name.")
        for worker in workers:
            self.stdout.write(f"{worker.name}  {_state(worker)}  {len(worker.jobs)} running")
            for job in worker.jobs:
                since = f"{(timezone.now() - job.started_at).total_seconds():.0f} s" if job.started_at else "-"
                self.stdout.write(
                    f"  {ids.encode(ids.GENERATION, job.id)}  {since:>6}  {job.model}  {job.tier}".rstrip()
                )
        self.stdout.write(f"{left} running in all" if left else "Nothing runs.")
        if left and options["wait"]:
            sys.exit(1)


def _state(worker: BusyWorker) -> str:
    if not worker.is_alive:
        return "dead"
    return "stopping" if worker.is_stopping else "working"
