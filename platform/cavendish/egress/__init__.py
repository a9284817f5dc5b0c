"""Requests to URLs that tenants choose, made so that they cannot reach our own network.

    fetched = fetch(url, spool=directory, max_bytes=20_000_000, accept=("image/",), timeout=20)
    check_url(url)   # the same rules, without the request
    pool.run(tenant, downloads, seconds=30)   # several beside each other, in threads of their own

`EGRESS_ALLOW` lists the exceptions: networks (`10.1.0.0/16`) and exact host names.
"""

from cavendish.egress.errors import EgressBusy, EgressError, EgressFailed, EgressRefused, EgressTooLarge
from cavendish.egress.fetching import Fetched, fetch
from cavendish.egress.guard import Guard, Target, check_url
from cavendish.egress.pool import Download, DownloadPool, PoolLimits

__all__ = [
    "Download",
    "DownloadPool",
    "EgressBusy",
    "EgressError",
    "EgressFailed",
    "EgressRefused",
    "EgressTooLarge",
    "Fetched",
    "Guard",
    "PoolLimits",
    "Target",
    "check_url",
    "fetch",
]
