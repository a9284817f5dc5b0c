"""Every setting by name: what it is in a line, and what it is where nobody sets it. docs/configuration.md says more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KnownSetting:
    """`default` is as people write it; some are worked out from other settings."""

    section: str
    name: str
    default: str
    about: str


SECRETS = frozenset({
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "GEMINI_API_KEYS", "OIDC_CLIENT_SECRET", "EMAIL_HOST_PASSWORD",
})  # fmt: skip
"""Settings of which only is shown whether they are set."""

_TABLE = """
# Where it runs
CAVENDISH_DATA_DIR | .cavendish in the current folder | Folder of everything that is kept on this machine
PORT | 8000 | Port of the web server under `up`
CAVENDISH_HOST | 127.0.0.1 | Address that the web server listens on under `up`
WORKERS | 2 | Worker processes under `up`
HANG_SECONDS | 40 | Seconds without an answer after which `up` replaces a child
DEMO | false | Gives twelve demo tenants three months of life under `up`, once
BASE_URL | http://127.0.0.1:<PORT> | Address at which clients reach the platform
ALLOWED_HOSTS | the host of BASE_URL | Host names that are answered
BEHIND_PROXY | false | Believe X-Forwarded-Proto
FORWARDED_ALLOW_IPS | 127.0.0.1 | Proxies whose X-Forwarded-For is believed
SSL_REDIRECT | true | Send plain requests to https, with an https BASE_URL
HSTS_SECONDS | 0 | Seconds of Strict-Transport-Security
SECRET_KEY | created by `up` | Signs URLs of pictures and pages, and sessions
SECRET_KEY_FALLBACKS | none | Earlier SECRET_KEYs that still work
DEBUG | false | Django's debug pages
LOG_LEVEL | INFO | What is logged: DEBUG, INFO, WARNING or ERROR
DJANGO_SETTINGS_MODULE | cavendish.settings | Django's own
# People
SIGNUP | closed | Who may make an account without an invitation
SIGNUP_PLAN | standard | Plan of tenants that people open themselves
POLICY_VERSION | 2026-11 | Version of the use policy that is in force
POLICY_GRACE_UNTIL | none | Day up to which an older acceptance is enough
POLICY_URL | none | Where the use policy can be read
ADMIN_REQUIRE_2FA | true, unless BASE_URL is this machine | The admin opens only with a second factor
OIDC_ISSUER | none | OpenID Connect provider to sign in with
OIDC_CLIENT_ID | none | Client id that the provider gave
OIDC_CLIENT_SECRET | none | Client secret that belongs to it
OIDC_NAME | the issuer's host | Name on the sign-in button
# Services
DATABASE_URL | embedded | PostgreSQL as cavendish_app, for web and workers
DATABASE_SYSTEM_URL | the same server | PostgreSQL as cavendish_system, for workers and the scheduler
DATABASE_OPERATOR_URL | the same server | PostgreSQL as cavendish_operator, for the admin, commands and the scheduler
DATABASE_PEOPLE_URL | the same server | PostgreSQL as cavendish_people, for accounts of people
DATABASE_OWNER_URL | embedded | PostgreSQL as the owner, for migrations
DATABASE_POOLER | none | What stands before PostgreSQL: none, or transaction for a pooler in transaction mode
DATABASE_POOL_SIZE | 12 | Connections of each web process as cavendish_app
BROKER_URL | embedded Valkey | Broker of background work: Valkey, Redis or RabbitMQ
VALKEY_URL | BROKER_URL | Wakes waiting clients and counts rate limits
STORAGE_URL | file://<data directory>/objects | Where pictures and files lie
SPOOL_DIR | <data directory>/spool | Where answers wait until they are settled
# The upstream
GEMINI_API_KEYS | none: the sandbox stands in | Google's API keys
GEMINI_BASE_URL | Google's, with keys; else SANDBOX_URL | Address that speaks the Gemini API
SANDBOX_URL | started by `up` | Where test keys' jobs go
GEMINI_BACKGROUND_MODELS | none | Models that are asked in the background
GEMINI_BATCH_SERVICE_TIER | none | service_tier of batches' items
GEMINI_CONNECT_TIMEOUT | 10 | Seconds to connect to the upstream
GEMINI_READ_TIMEOUT | 180 | Seconds without a byte until a call has failed
GENERATION_DEADLINE | 600 | Seconds from acceptance until a generation fails
GENERATION_MAX_TRIES | 4 | Calls for one generation, over all its attempts
IMAGEN_SUCCESSOR | gemini-3.1-flash-image | Model that answers callers of Imagen
CATALOG_FILE | none | File of models that are changed, added or retired
MODEL_ALIASES | Google's preview names | Further names of models
# Workers
WORKER_CONCURRENCY | 1000 | Jobs that a worker runs at once
WORKER_BATCH_CONCURRENCY | 3/4 of WORKER_CONCURRENCY | How many of them may be items of batches
WORKER_BYTES_IN_FLIGHT | 1073741824 | Bytes of pictures that they may be worth together
WORKER_THREADS | 8 | Dramatiq's threads in a worker
LEASE_SECONDS | 20 | Seconds that a worker may be silent before its jobs are free again
CAVENDISH_WORKER_NAME | worker-1 … under `up`, else the process id | Identifies a worker
# Requests
MAX_WAIT_SECONDS | 600 | Longest `Prefer: wait`
DJANGO_SLOTS | 64 | Requests that a web process works on at once
RENDER_SLOTS | 16 | Answers rendered at once for clients whose wait is over
MAX_BODY_BYTES | 104857600 | Size of a body that may hold pictures
MAX_FILE_BYTES | 2147483648 | Size of an uploaded file
STORAGE_QUOTA_BYTES | 0 | Bytes that a tenant without a quota of its own may store; 0 is no limit
MAX_OPEN_UPLOADS_PER_KEY | 100 | Unfinished resumable uploads of a key
BODY_LEAST_RATE | 8192 | Bytes a second that a body must come with
BODY_SECONDS | 600 | Seconds after which a body's average rate counts too
BODIES_BYTES | 8589934592 | Bytes of bodies that a web process takes at once
BODIES_BYTES_PER_TENANT | half of BODIES_BYTES | One tenant's share of BODIES_BYTES
SPOOL_KEEP_FREE_BYTES | 1073741824 | Bytes that stay free on the spool's disk
MAX_OPEN_REQUESTS | 20000 | Requests that a web process has open at once
MAX_OPEN_REQUESTS_PER_TENANT | 6000 | One tenant's share of the open requests
MAX_OPEN_REQUESTS_PER_KEY | 6000 | One key's share of the open requests
MAX_OPEN_REQUESTS_PER_ADDRESS | 6000 | One address's share of the open requests
MAX_CONNECTIONS | 20000 | Connections that a web process keeps at once
MAX_CONNECTIONS_PER_ADDRESS | 6000 | One address's share of the connections
MAX_BATCH_ITEMS | 50000 | Items of one batch
MAX_BATCHES | 100 | Batches that a tenant has at work at once
BATCH_SECONDS | 86400 | Seconds after which items that have not begun expire
BATCH_AHEAD | 200 | Items of a tenant's batches that are queued as jobs at once
REQUESTS_PER_MINUTE | 6000 | Requests of a tenant in a minute; 0 is no limit
IMAGES_PER_MINUTE | 6000 | Pictures that a tenant asks for in a minute; 0 is no limit
KEY_REQUESTS_PER_MINUTE | 0 | Requests of a key in a minute; 0 is no limit
KEY_IMAGES_PER_MINUTE | 0 | Pictures that a key asks for in a minute; 0 is no limit
METRICS_ALLOW | 127.0.0.0/8,::1/128 | Addresses that read /metrics without a key
HEALTH_PORT | 0, a free one under `up` | Port of a worker's or the scheduler's /livez, /readyz and /metrics; 0 is none
EGRESS_ALLOW | none | Private networks and hosts that tenants' URLs may point at
FETCHES | 64 | Downloads of tenants' URLs at once, per process
FETCHES_PER_TENANT | 8 | One tenant's share of the downloads
FETCHING_REQUESTS | 64 | Requests that wait for downloads at once, per process
FETCHING_REQUESTS_PER_TENANT | 16 | One tenant's share of the requests that wait for downloads
DERIVATIVES_AT_ONCE | 2 | Smaller pictures that a web process makes at once
DERIVING_REQUESTS | 128 | Requests that wait for smaller pictures at once, per process
DERIVING_REQUESTS_PER_TENANT | 64 | One tenant's share of the requests that wait for smaller pictures
EXPORT_DAYS | 7 | Days that a ready export can be fetched
ERASURE_DAYS | 30 | Days that a closing tenant waits for its erasure
SIGNED_URL_SECONDS | 3600 | Seconds that URLs of pictures and pages are valid
# Invoices
INVOICE_GRACE_HOURS | 6 | Hours after a month's end that its invoice stays a draft
ABSORBED_ALERT | 10 | Amount absorbed for a tenant on a day that is mailed to operators; 0 is none
RECONCILE_AT | 03:00 | Time of day in UTC at which everything is reconciled
INVOICE_EMPTY_MONTHS | false | Whether a month without use gets an invoice
# Mail
EMAIL_HOST | none: files | SMTP server
EMAIL_PORT | 587 | Port of the SMTP server
EMAIL_USE_TLS | on for port 587 | STARTTLS
EMAIL_USE_SSL | on for port 465 | TLS from the first byte
EMAIL_HOST_USER | none | Login at the SMTP server
EMAIL_HOST_PASSWORD | none | Password at the SMTP server
EMAIL_FROM | Cavendish <no-reply@…> | Sender of mails
EMAIL_TIMEOUT | 10 | Seconds for each answer of the SMTP server
# The embedded services
CAVENDISH_POSTGRES_USER | postgres, cavendish or nobody | Account that runs PostgreSQL when `up` is started as root
SANDBOX_STATE_DIR | <data directory>/sandbox under `up` | Where the sandbox remembers interactions and files
"""


def known_settings() -> list[KnownSetting]:
    """Returns all settings in the order of docs/configuration.md."""
    known, section = [], ""
    for line in _TABLE.strip().splitlines():
        if line.startswith("# "):
            section = line.removeprefix("# ")
        else:
            name, default, about = line.split(" | ")
            known.append(KnownSetting(section, name, default, about))
    return known
