from __future__ import annotations

from django.db import models


class ScheduledTask(models.Model):
    """The last run of a task of the scheduler's, by whichever scheduler was last. The operator's alone.

    A run without news is written every few seconds at most, so `runs` counts what was written down, not every run.
    """

    name = models.CharField(primary_key=True, max_length=64)
    thread = models.CharField(max_length=32, help_text="Tasks of one thread run one after the other.")
    every = models.FloatField(help_text="Seconds from one start to the next.")
    started_at = models.DateTimeField()
    seconds = models.FloatField(help_text="How long the run took.")
    result = models.BigIntegerField(null=True, help_text="How much it did; empty where it does not count.")
    error = models.CharField(max_length=100, blank=True, help_text="The class of the error of this run.")
    failures = models.IntegerField(default=0, help_text="Failed runs in a row.")
    failed_at = models.DateTimeField(null=True, help_text="When a run last failed.")
    last_error = models.CharField(max_length=100, blank=True, help_text="What it failed with then.")
    process = models.CharField(max_length=100, help_text="The scheduler: host and process id.")

    def __str__(self) -> str:
        return self.name
