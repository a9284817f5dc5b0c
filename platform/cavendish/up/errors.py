"""What `up` can fail with.

UpError
└── Stopped
"""

from __future__ import annotations


class UpError(Exception):
    """The platform cannot start or continue. The message is for the person at the console and names the way out."""


class Stopped(UpError):
    """A stop was requested (Ctrl-C, SIGTERM) while something was still starting."""
