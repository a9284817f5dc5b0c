"""Which tests run one after the other in one lane, where there are several (`-n 2`).

Files are given out whole, so that what a module prepares is prepared once. Those that kill platforms stay in one lane,
and those that share the browser's platform. Marks of `xdist_group` do not serve: they stand in the ids of tests, which
pytest 9.2 does not let xdist 3.8 change.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

APART = {"crash": "apart", "up": "apart", "browser": "pages"}
"""Folders of tests whose files go together, by the group's name; the longest, so they begin first."""
LONG = ("clock", "upgrade", "deploy", "backup", "providers", "idempotency", "telemetry", "batches")
"""Folders with tests of half a minute and more. They follow, so that no lane is left alone with one at the end."""


class Lanes(LoadScopeScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((APART[part] for part in PurePosixPath(file).parts if part in APART), file)

    def _assign_work_unit(self, node: WorkerController) -> None:
        first = [group for group in dict.fromkeys(APART.values()) if group in self.workqueue]
        then = [name for name in self.workqueue if set(LONG) & {*PurePosixPath(name).parts}]
        for name in reversed(first + then):
            self.workqueue.move_to_end(name, last=False)
        super()._assign_work_unit(node)
