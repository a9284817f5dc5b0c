"""Settings of the section "Requests" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import Host, Network, NetworkOrHost
from cavendish.boot.declared.kinds import Listed, Whole
from cavendish.boot.declared.setting import ALL, CLOCKED, SCHEDULER, WEB, Process, Setting

SECTION = "Requests"
SETTINGS = [
    Setting(
        name="MAX_WAIT_SECONDS",
        kind=Whole(0, 86_400),
        default="600",
        about="Longest `Prefer: wait`",
        meaning="The longest `Prefer: wait`",
        read_by=WEB,
    ),
    Setting(
        name="DJANGO_SLOTS",
        kind=Whole(1, 10_000),
        default="64",
        about="Requests that a web process works on at once",
        meaning=(
            "Requests with a key that a web process works on at once, and a quarter as many of people and "
            "strangers beside them. Waiting clients, event streams and downloads of local files are not "
            "counted"
        ),
        read_by=WEB,
    ),
    Setting(
        name="RENDER_SLOTS",
        kind=Whole(1, 10_000),
        default="16",
        about="Answers rendered at once for clients whose wait is over",
        meaning="Answers that are rendered at once for clients whose wait is over",
        read_by=WEB,
    ),
    Setting(
        name="MAX_BODY_BYTES",
        kind=Whole(1, 2**50),
        default="104857600",
        about="Size of a body that may hold pictures",
        meaning=(
            "Size of a body that may hold pictures (generations, batches, quotes, the compatible APIs), and "
            "of a picture that is fetched from a URL; other bodies, those of pages too, may have 2 MB. Inline "
            "pictures go to the spool as they arrive, so this guards the disk, not the memory"
        ),
        read_by=WEB,
    ),
    Setting(
        name="MAX_FILE_BYTES",
        kind=Whole(1, 2**50),
        default="2147483648",
        about="Size of an uploaded file",
        meaning="Size of an uploaded file",
        read_by=WEB,
    ),
    Setting(
        name="STORAGE_QUOTA_BYTES",
        kind=Whole(0, 2**50),
        default="0",
        about="Bytes that a tenant without a quota of its own may store; 0 is no limit",
        meaning=(
            "What a tenant without a quota of its own may store at once, inputs, outputs and unfinished "
            "uploads of both modes; beyond it new jobs and files get 403 `storage_quota_exceeded`. `0` is no "
            "limit"
        ),
        read_by=WEB,
    ),
    Setting(
        name="MAX_OPEN_UPLOADS_PER_KEY",
        kind=Whole(1, 10_000_000),
        default="100",
        about="Unfinished resumable uploads of a key",
        meaning="Resumable uploads of a key that are unfinished at once; they are forgotten after a day",
        read_by=WEB,
    ),
    Setting(
        name="BODY_LEAST_RATE",
        kind=Whole(0, 1_000_000_000),
        default="8192",
        about="Bytes a second that a body must come with",
        meaning="Bytes a second that a body comes with in any half minute; a slower one is ended with 408",
        read_by=WEB,
    ),
    Setting(
        name="BODY_SECONDS",
        kind=Whole(1, 86_400),
        default="600",
        about="Seconds after which a body's average rate counts too",
        meaning=("How long a body may take before its average counts too: from then on 32 kB a second, all in all"),
        read_by=WEB,
    ),
    Setting(
        name="BODIES_BYTES",
        kind=Whole(1, 2**50),
        default="8589934592",
        about="Bytes of bodies that a web process takes at once",
        meaning=(
            "Bytes of bodies that a web process takes at once, announced ones counted whole; 503 beyond. They "
            "lie in the spool"
        ),
        read_by=WEB,
    ),
    Setting(
        name="BODIES_BYTES_PER_TENANT",
        kind=Whole(1, 2**50),
        shown="half of BODIES_BYTES",
        about="One tenant's share of BODIES_BYTES",
        meaning="The share that one tenant may have of it",
        read_by=WEB,
    ),
    Setting(
        name="SPOOL_KEEP_FREE_BYTES",
        kind=Whole(0, 2**50),
        default="1073741824",
        about="Bytes that stay free on the spool's disk",
        meaning=(
            "What stays free on the spool's disk, for answers that were paid for: without room beside it a "
            "body above 256 kB gets 503"
        ),
        read_by=WEB,
    ),
    Setting(
        name="MAX_OPEN_REQUESTS",
        kind=Whole(1, 10_000_000),
        default="20000",
        about="Requests that a web process has open at once",
        meaning="Requests that a web process has open at once, waits and event streams included; 503 beyond",
        read_by=WEB,
    ),
    Setting(
        name="MAX_OPEN_REQUESTS_PER_TENANT",
        kind=Whole(1, 10_000_000),
        default="6000",
        about="One tenant's share of the open requests",
        meaning="Of these, those of one tenant; 429 beyond",
        read_by=WEB,
    ),
    Setting(
        name="MAX_OPEN_REQUESTS_PER_KEY",
        kind=Whole(1, 10_000_000),
        default="6000",
        about="One key's share of the open requests",
        meaning="Those of one key",
        read_by=WEB,
    ),
    Setting(
        name="MAX_OPEN_REQUESTS_PER_ADDRESS",
        kind=Whole(1, 10_000_000),
        default="6000",
        about="One address's share of the open requests",
        meaning="Those of one address. Behind a proxy it is the address that the proxy names",
        read_by=WEB,
    ),
    Setting(
        name="MAX_CONNECTIONS",
        kind=Whole(1, 10_000_000),
        default="20000",
        about="Connections that a web process keeps at once",
        meaning=(
            "Connections that a web process keeps at once, idle ones too; others get 503. It keeps no more "
            "than half of the files that it may have open (`ulimit -n`), whatever stands here"
        ),
        read_by=WEB,
    ),
    Setting(
        name="MAX_CONNECTIONS_PER_ADDRESS",
        kind=Whole(1, 10_000_000),
        default="6000",
        about="One address's share of the connections",
        meaning=(
            "Of these, those of one address (or of one IPv6 network of 64 bits); others get 429. A proxy of "
            "`FORWARDED_ALLOW_IPS` is not counted"
        ),
        read_by=WEB,
    ),
    Setting(
        name="MAX_BATCH_ITEMS",
        kind=Whole(1, 10_000_000),
        default="50000",
        about="Items of one batch",
        meaning="Items of one batch",
        read_by=WEB,
    ),
    Setting(
        name="MAX_BATCHES",
        kind=Whole(1, 1_000_000),
        default="100",
        about="Batches that a tenant has at work at once",
        meaning="Batches that a tenant may have at work at once",
        read_by=WEB,
    ),
    Setting(
        name="BATCH_SECONDS",
        kind=Whole(1, 31_536_000),
        default="86400",
        about="Seconds after which items that have not begun expire",
        meaning="Seconds after which items of a batch that have not begun expire, uncharged",
        read_by=(Process.WEB, Process.SCHEDULER),
    ),
    Setting(
        name="BATCH_AHEAD",
        kind=Whole(1, 1_000_000),
        default="200",
        about="Items of a tenant's batches that are queued as jobs at once",
        meaning="Items of a tenant's batches that are queued as jobs at once; only these hold money",
        read_by=SCHEDULER,
    ),
    Setting(
        name="REQUESTS_PER_MINUTE",
        kind=Whole(0, 1_000_000_000),
        default="6000",
        about="Requests of a tenant in a minute; 0 is no limit",
        meaning=(
            "Requests that all live keys of a tenant may send in a minute, and all its test keys; 0 is no "
            "limit. A tenant's own number goes before it"
        ),
        read_by=WEB,
    ),
    Setting(
        name="IMAGES_PER_MINUTE",
        kind=Whole(0, 1_000_000_000),
        default="6000",
        about="Pictures that a tenant asks for in a minute; 0 is no limit",
        meaning="The same for pictures that are asked for",
        read_by=WEB,
    ),
    Setting(
        name="KEY_REQUESTS_PER_MINUTE",
        kind=Whole(0, 1_000_000_000),
        default="0",
        about="Requests of a key in a minute; 0 is no limit",
        meaning="The same for each single key, within the tenant's. A key's own number goes before it",
        read_by=WEB,
    ),
    Setting(
        name="KEY_IMAGES_PER_MINUTE",
        kind=Whole(0, 1_000_000_000),
        default="0",
        about="Pictures that a key asks for in a minute; 0 is no limit",
        meaning="The same for pictures",
        read_by=WEB,
    ),
    Setting(
        name="METRICS_ALLOW",
        kind=Listed(Network(), "addresses and networks, for example 10.2.0.0/16"),
        default="127.0.0.0/8,::1/128",
        about="Addresses that read /metrics without a key",
        meaning=(
            "Addresses and networks that may read `/metrics` without an operator's key, asking directly and "
            "not through a proxy"
        ),
        read_by=WEB,
    ),
    Setting(
        name="HEALTH_PORT",
        kind=Whole(0, 65535),
        default="0",
        shown="0, a free one under `up`",
        about="Port of a worker's or the scheduler's /livez, /readyz and /metrics; 0 is none",
        meaning=(
            "Where a worker or the scheduler answers `/livez`, `/readyz` and `/metrics`; "
            "`0` is nowhere. Give each process of a machine its own; `up` lists its own in `ready.json` "
            "(`metrics_urls`)"
        ),
        read_by=CLOCKED,
    ),
    Setting(
        name="HEALTH_HOST",
        kind=Host(),
        default="127.0.0.1",
        about="Address of this machine at which HEALTH_PORT listens",
        meaning=(
            "The address at which `HEALTH_PORT` listens. In a container `0.0.0.0`, so that probes and Prometheus reach "
            "it; nothing there asks for a key, so let nobody else do"
        ),
        read_by=CLOCKED,
    ),
    Setting(
        name="EGRESS_ALLOW",
        kind=Listed(NetworkOrHost(), "networks like 10.2.0.0/16 and host names"),
        about="Private networks and hosts that tenants' URLs may point at",
        meaning=(
            "Networks (`10.2.0.0/16`) and host names that tenants' URLs may point at although they are "
            "private. Loopback, private and link-local targets are refused otherwise"
        ),
        read_by=(Process.WEB, Process.SCHEDULER, Process.WORKER),
    ),
    Setting(
        name="FETCHES",
        kind=Whole(1, 100_000),
        default="64",
        about="Downloads of tenants' URLs at once, per process",
        meaning="Downloads of URLs that tenants name, at once, per process",
        read_by=(Process.WEB, Process.SCHEDULER),
    ),
    Setting(
        name="FETCHES_PER_TENANT",
        kind=Whole(1, 100_000),
        default="8",
        about="One tenant's share of the downloads",
        meaning="Those of one tenant, in both modes together",
        read_by=(Process.WEB, Process.SCHEDULER),
    ),
    Setting(
        name="FETCHING_REQUESTS",
        kind=Whole(1, 10_000),
        default="64",
        about="Requests that wait for downloads at once, per process",
        meaning=(
            "Requests that wait for such downloads at once, per process; each keeps a thread, but no slot. "
            "Others get 503"
        ),
        read_by=(Process.WEB, Process.SCHEDULER),
    ),
    Setting(
        name="FETCHING_REQUESTS_PER_TENANT",
        kind=Whole(1, 10_000),
        default="16",
        about="One tenant's share of the requests that wait for downloads",
        meaning="Those of one tenant, in both modes together. Others get 429 `too_many_fetches`",
        read_by=(Process.WEB, Process.SCHEDULER),
    ),
    Setting(
        name="DERIVATIVES_AT_ONCE",
        kind=Whole(1, 1000),
        default="2",
        about="Smaller pictures that a web process makes at once",
        meaning=(
            "Smaller pictures that a web process makes at once (`…/content?format=webp&width=512`); each "
            "takes a core and up to 30 MB, AVIF at the largest width up to 80 MB"
        ),
        read_by=WEB,
    ),
    Setting(
        name="DERIVING_REQUESTS",
        kind=Whole(1, 10_000),
        default="128",
        about="Requests that wait for smaller pictures at once, per process",
        meaning=(
            "Requests that wait for such pictures at once, per process; each keeps a thread, but no slot. "
            "Others get 503"
        ),
        read_by=WEB,
    ),
    Setting(
        name="DERIVING_REQUESTS_PER_TENANT",
        kind=Whole(1, 10_000),
        default="64",
        about="One tenant's share of the requests that wait for smaller pictures",
        meaning="Those of one tenant. Others get 429 `too_many_derivatives`",
        read_by=WEB,
    ),
    Setting(
        name="EXPORT_DAYS",
        kind=Whole(1, 3650),
        default="7",
        about="Days that a ready export can be fetched",
        meaning="How long a ready export of a tenant's data can be fetched",
        read_by=CLOCKED,
    ),
    Setting(
        name="ERASURE_DAYS",
        kind=Whole(0, 3650),
        default="30",
        about="Days that a closing tenant waits for its erasure",
        meaning="How long a closing tenant waits for its erasure where the request does not say",
        read_by=WEB,
    ),
    Setting(
        name="HISTORY_MONTHS",
        kind=Whole(1, 1200, none="no end"),
        default="13",
        about="Months that what is left of erased generations is kept: their events, the log of calls upstream",
        meaning=(
            "How long what is left of erased generations is kept: their events, the log of calls upstream. Then their "
            "month is dropped; the books stay"
        ),
        read_by=SCHEDULER,
    ),
    Setting(
        name="SIGNED_URL_SECONDS",
        kind=Whole(1, 604_800),
        default="3600",
        about="Seconds that URLs of pictures and pages are valid",
        meaning="How long the URLs of pictures and pages are valid, rounded up to five minutes",
        read_by=ALL,
    ),
]
