"""The spool: the folder of this machine in which bytes wait. What it refuses is the machine's fault, never a job's."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from django.conf import settings

PROBE_BYTES = 256 * 1024
"""What has to fit: a folder with less room takes no answer either."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OF_MACHINE = FULL | {errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE}
_OF_FOLDER = frozenset({errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EACCES, errno.EPERM})


def is_machine_fault(error: BaseException) -> bool:
    """Returns whether an error is of a disk or of this process's limits: full, read-only, failing, not permitted.

    A file that is missing or not permitted is one below the spool only; elsewhere that is a defect of ours.
    """
    if not isinstance(error, OSError):
        return False
    if error.errno in _OF_MACHINE:
        return True
    return error.errno in _OF_FOLDER and str(error.filename or "").startswith(str(settings.SPOOL_DIR))


def folder_fault(folder: Path) -> str:
    """Returns why the folder takes nothing, in the system's words; empty where a file was written and removed again."""
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with probe.open("wb") as target:
            target.write(bytes(PROBE_BYTES))
            target.flush()
            os.fsync(target.fileno())
    except FileExistsError:
        return os.strerror(errno.ENOTDIR)
    except OSError as error:
        return error.strerror or type(error).__name__
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return ""
