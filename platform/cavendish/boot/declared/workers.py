"""Settings of the section "Workers" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.kinds import Name, Whole
from cavendish.boot.declared.setting import CLOCKED, WORKER, Setting

SECTION = "Workers"
SETTINGS = [
    Setting(
        name="WORKER_CONCURRENCY",
        kind=Whole(1, 100_000),
        default="1000",
        about="Jobs that a worker runs at once",
        meaning="Jobs that one worker process runs at once. Upstream calls take seconds and cost it little",
        read_by=WORKER,
    ),
    Setting(
        name="WORKER_BATCH_CONCURRENCY",
        kind=Whole(1, 100_000),
        shown="3/4 of WORKER_CONCURRENCY",
        about="How many of them may be items of batches",
        meaning="How many of them may be items of batches; the rest is for interactive jobs alone",
        read_by=WORKER,
    ),
    Setting(
        name="WORKER_BYTES_IN_FLIGHT",
        kind=Whole(1, 2**50),
        default="1073741824",
        about="Bytes of pictures that they may be worth together",
        meaning=(
            "Bytes of pictures that they may be worth together, by the size that was asked for. An idle "
            "worker takes one job in any case"
        ),
        read_by=WORKER,
    ),
    Setting(
        name="WORKER_THREADS",
        kind=Whole(1, 256),
        default="8",
        about="Dramatiq's threads in a worker",
        meaning="Dramatiq's threads; they only take doorbells, jobs do not run on them",
        read_by=WORKER,
    ),
    Setting(
        name="LEASE_SECONDS",
        kind=Whole(1, 3600),
        default="20",
        about="Seconds that a worker may be silent before its jobs are free again",
        meaning=(
            "How long a worker may be silent before its jobs are free again. It renews its lease four times as often"
        ),
        read_by=CLOCKED,
    ),
    Setting(
        name="CAVENDISH_WORKER_NAME",
        kind=Name(),
        shown="worker-1 … under `up`, else the process id",
        about="Identifies a worker",
        meaning=(
            "Together with the host's name and the data directory it identifies a worker. A process that "
            "starts with a dead worker's name takes over its jobs at once. **No two living workers may share "
            "a name**: the second would release the first one's jobs"
        ),
        read_by=WORKER,
    ),
]
