from __future__ import annotations


class DemoRefused(Exception):
    """The database must not get the demo's tenants; the message says why, and what to do instead."""
