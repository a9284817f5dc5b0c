"""Django's settings. What an operator can set is in `docs/configuration.md`; where values come from, in `config.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from cavendish.boot.config import DEFAULT_SECRET_KEY, LOOPBACK, LOOPBACK_NAMES, Config
from cavendish.boot.oidc import Oidc
from cavendish.http.api_settings import REST_FRAMEWORK as REST_FRAMEWORK
from cavendish.http.api_settings import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS
from cavendish.telemetry.logging_settings import logging_settings

CONFIG = Config.load()
CONFIG.check()
DATA_DIR: Path = CONFIG.data_dir
BASE_DIR = Path(__file__).resolve().parent

DEBUG = CONFIG.flag("DEBUG")
SECRET_KEY = CONFIG.get("SECRET_KEY", DEFAULT_SECRET_KEY)
# Previous keys: what they signed or sealed is still valid.
SECRET_KEY_FALLBACKS = CONFIG.words("SECRET_KEY_FALLBACKS")
BASE_URL = CONFIG.get("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
BASE_HOST = urlsplit(BASE_URL).hostname or ""
ON_LOOPBACK = BASE_HOST in LOOPBACK
# On this machine its own names only: a page elsewhere may let a name of its own lead here.
ALLOWED_HOSTS = CONFIG.words("ALLOWED_HOSTS", ",".join(sorted(LOOPBACK_NAMES)) if ON_LOOPBACK else BASE_HOST)
CSRF_TRUSTED_ORIGINS = [BASE_URL]

OWN_APPS = [
    "cavendish.events",
    "cavendish.mail",
    "accounts",
    "billing",
    "generations",
    "cavendish.above.reconcile",
    "cavendish.above.schedule",
    "cavendish.above.tenant_data",
]
INSTALLED_APPS = [
    # First: it gives Dramatiq its broker, before anything imports an actor.
    "cavendish",
    # Next: its templates replace those of the libraries below.
    "cavendish.above.console",
    "cavendish.above.ui",
    "cavendish.above.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    *OWN_APPS,
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
]
MIDDLEWARE = [
    "cavendish.http.named_requests.RequestIdMiddleware",
    "cavendish.http.probes.ProbeHostMiddleware",
    "accounts.limits.middleware.LimitsMiddleware",
    "cavendish.db.middleware.OperatorMiddleware",
    "accounts.authentication.cors.OriginsMiddleware",
    "cavendish.http.security.PageHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.people.sessions.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.people.middleware.PeopleTransactionMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.people.middleware.SessionSeenMiddleware",
    "cavendish.above.ui.language.LanguageMiddleware",
    "generations.show.ranges.RangeMiddleware",
]
ROOT_URLCONF = "cavendish.urls"
ASGI_APPLICATION = "cavendish.asgi.application"
APPEND_SLASH = False
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["cavendish.above.console.templatetags.place"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cavendish.above.console.context.console",
                "cavendish.above.admin.context.admin",
            ],
        },
    }
]

# Five roles, five connections: see docs/decisions/0002-database-roles.md. The router picks one by what runs.
DATABASES = {
    "default": CONFIG.database(
        "DATABASE_URL",
        pool={"min_size": 1, "max_size": CONFIG.number("DATABASE_POOL_SIZE"), "timeout": 5, "max_idle": 300},
    ),
    # A new connection reads its own copy of the catalog, which takes a page of the admin longer than its queries.
    "operator": CONFIG.database(
        "DATABASE_OPERATOR_URL", pool={"min_size": 0, "max_size": 16, "timeout": 5, "max_idle": 60}
    ),
    "people": CONFIG.database(
        "DATABASE_PEOPLE_URL", pool={"min_size": 0, "max_size": 4, "timeout": 5, "max_idle": 300}
    ),
    "system": CONFIG.database("DATABASE_SYSTEM_URL"),
    "owner": CONFIG.database("DATABASE_OWNER_URL"),
}
DATABASE_ROUTERS = ["cavendish.db.router.RoleRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Live jobs require that an owner has accepted this version of the use policy, which is at POLICY_URL. Until
# POLICY_GRACE_UNTIL (a day, in UTC) an older acceptance is enough.
POLICY_VERSION = CONFIG.get("POLICY_VERSION")
POLICY_URL = CONFIG.get("POLICY_URL")
POLICY_GRACE_UNTIL = CONFIG.day("POLICY_GRACE_UNTIL")
# The plan of tenants that people open themselves.
SIGNUP_PLAN = CONFIG.get("SIGNUP_PLAN")

# People: django-allauth, with our adapters (accounts/people) and our pages (cavendish/above/console).
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "/account/login/"
LOGIN_REDIRECT_URL = "/console/"
ADMIN_URL = "/admin/"
LOGOUT_REDIRECT_URL = LOGIN_URL
# Who may sign up: people with an invitation, people whom the OIDC provider knows, or everybody.
SIGNUP = CONFIG.choice("SIGNUP")
ADMIN_REQUIRE_2FA = CONFIG.flag("ADMIN_REQUIRE_2FA", not ON_LOOPBACK)
OIDC = Oidc.of(CONFIG)

ACCOUNT_ADAPTER = "accounts.people.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "accounts.people.forms.SignupForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# A code is entered in the browser that requested it: a mail scanner that opens links confirms nothing.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if BASE_URL.startswith("https://") else "http"
ACCOUNT_RATE_LIMITS = {
    # Wrong passwords, by address and by account. The second also counts accounts that do not exist.
    "login_failed": "20/5m/ip,5/5m/key",
    "login": "30/m/ip",
    "signup": "10/m/ip",
    "reset_password": "10/m/ip,3/5m/key",
    "confirm_email": "1/20s/key",
}
PASSWORD_RESET_TIMEOUT = 3 * 3600
SOCIALACCOUNT_ADAPTER = "accounts.people.adapters.SocialAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "mandatory"
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_OPENID_CONNECT_URL_PREFIX = "oidc"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [OIDC.app()] if OIDC else []}}
MFA_ADAPTER = "accounts.people.adapters.MfaAdapter"
MFA_FORMS = {
    "add_webauthn": "accounts.people.forms.AddPasskeyForm",
    "authenticate_webauthn": "accounts.people.forms.UsePasskeyForm",
    "login_webauthn": "accounts.people.forms.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.people.forms.ConfirmPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Phones' clocks may be off by one step to either side.
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Cavendish"
# Browsers allow passkeys without TLS on http://localhost only.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = ON_LOOPBACK
# Our own middleware writes it once a minute: allauth's writes with every request.
USERSESSIONS_TRACK_ACTIVITY = False

# Broker and wake-ups. With RabbitMQ as BROKER_URL, VALKEY_URL still carries the wake-ups.
BROKER_URL = CONFIG.get("BROKER_URL", "redis://127.0.0.1:1/0")
VALKEY_URL = CONFIG.get("VALKEY_URL", BROKER_URL if BROKER_URL.startswith(("redis", "valkey")) else "")

# Counts sign-in attempts. Without Valkey each process counts for itself.
CACHES = {
    "default": {"BACKEND": "cavendish.messaging.cache.SharedCache", "LOCATION": VALKEY_URL, "KEY_PREFIX": "cavendish"}
}

# Objects: file:///path or s3://bucket/prefix?endpoint_url=…
STORAGE_DIRECT_URL = CONFIG.get("STORAGE_DIRECT_URL")
STORAGE_URL = CONFIG.get("STORAGE_URL", f"file://{DATA_DIR / 'objects'}")
SPOOL_DIR = Path(CONFIG.get("SPOOL_DIR", str(DATA_DIR / "spool")))

# The upstream. Without keys it is the sandbox; test API keys always use the sandbox.
GEMINI_API_KEYS = CONFIG.words("GEMINI_API_KEYS")
SANDBOX_URL = CONFIG.get("SANDBOX_URL").rstrip("/")
GEMINI_BASE_URL = CONFIG.get(
    "GEMINI_BASE_URL", "https://generativelanguage.googleapis.com" if GEMINI_API_KEYS else SANDBOX_URL
).rstrip("/")
GEMINI_BACKGROUND_MODELS = CONFIG.words("GEMINI_BACKGROUND_MODELS")
# The service tier of batch items, where the upstream accepts one for image models and charges its batch price.
GEMINI_BATCH_SERVICE_TIER = CONFIG.get("GEMINI_BATCH_SERVICE_TIER")
GEMINI_CONNECT_TIMEOUT = CONFIG.number("GEMINI_CONNECT_TIMEOUT")
GEMINI_READ_TIMEOUT = CONFIG.number("GEMINI_READ_TIMEOUT")
GENERATION_DEADLINE = CONFIG.number("GENERATION_DEADLINE")
GENERATION_MAX_TRIES = CONFIG.number("GENERATION_MAX_TRIES")
# The model that serves Imagen's API, since Google shuts Imagen down.
IMAGEN_SUCCESSOR = CONFIG.get("IMAGEN_SUCCESSOR")
# The operator's models over the shipped ones, and further names of models: "old-name=gemini-3-pro-image".
CATALOG_FILE = CONFIG.get("CATALOG_FILE")
MODEL_ALIASES = CONFIG.words("MODEL_ALIASES")

WORKER_CONCURRENCY = CONFIG.number("WORKER_CONCURRENCY")
# The rest of a worker's slots is for interactive jobs alone, so that none waits for a batch item.
WORKER_BATCH_CONCURRENCY = CONFIG.number("WORKER_BATCH_CONCURRENCY", max(WORKER_CONCURRENCY * 3 // 4, 1))
WORKER_BYTES_IN_FLIGHT = CONFIG.number("WORKER_BYTES_IN_FLIGHT")
LEASE_SECONDS = CONFIG.number("LEASE_SECONDS")

# After SIGTERM: how long web goes on taking requests, and how long web and workers let run what runs. SIGINT, which
# `up` sends when all is to end, gives a worker's jobs STOP_SECONDS.
UNREADY_SECONDS = CONFIG.number("UNREADY_SECONDS")
DRAIN_SECONDS = CONFIG.number("DRAIN_SECONDS")
STOP_SECONDS = CONFIG.number("STOP_SECONDS")

# Waiting clients cost no thread; these bound how many requests Django handles, and how many responses it renders.
MAX_WAIT_SECONDS = CONFIG.number("MAX_WAIT_SECONDS")
DJANGO_SLOTS = CONFIG.number("DJANGO_SLOTS")
RENDER_SLOTS = CONFIG.number("RENDER_SLOTS")

# Mails go to a server, or into files where none is set. Invitations, alerts and invoices wait in a table until sent.
EMAIL_HOST = CONFIG.get("EMAIL_HOST")
EMAIL_PORT = CONFIG.number("EMAIL_PORT")
EMAIL_HOST_USER = CONFIG.get("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = CONFIG.get("EMAIL_HOST_PASSWORD")
EMAIL_USE_SSL = CONFIG.flag("EMAIL_USE_SSL", EMAIL_PORT == 465)
EMAIL_USE_TLS = CONFIG.flag("EMAIL_USE_TLS", EMAIL_PORT == 587)
EMAIL_TIMEOUT = CONFIG.number("EMAIL_TIMEOUT")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIG.get("EMAIL_FROM", f"Cavendish <no-reply@{BASE_HOST}>")

# Invoices: how long after a month's end late jobs still belong to it, and whether a month without usage gets one.
INVOICE_GRACE_HOURS = CONFIG.number("INVOICE_GRACE_HOURS")
INVOICE_EMPTY_MONTHS = CONFIG.flag("INVOICE_EMPTY_MONTHS")
# Who takes tenants' money: none, or a module of billing/providers. STRIPE_API_BASE is for tests against a stand-in;
# several webhook secrets, separated by commas, are for the time in which one follows another.
PAYMENTS = CONFIG.choice("PAYMENTS")
STRIPE_SECRET_KEY = CONFIG.get("STRIPE_SECRET_KEY")
STRIPE_API_BASE = CONFIG.get("STRIPE_API_BASE").rstrip("/")
STRIPE_WEBHOOK_SECRET = CONFIG.words("STRIPE_WEBHOOK_SECRET")
# When the books are compared each day, in UTC; None for never.
RECONCILE_AT = CONFIG.time_of_day("RECONCILE_AT")
# How often what was written since the last clean comparison is compared; 0 for not at all.
RECONCILE_MINUTES = CONFIG.number("RECONCILE_MINUTES")
# The journal for the operator's bookkeeping: numbers of the ledger's accounts, and what DATEV's files say at their top.
JOURNAL_ACCOUNTS = CONFIG.words("JOURNAL_ACCOUNTS")
DATEV_CONSULTANT = CONFIG.number("DATEV_CONSULTANT")
DATEV_CLIENT = CONFIG.number("DATEV_CLIENT")
DATEV_ACCOUNT_DIGITS = CONFIG.number("DATEV_ACCOUNT_DIGITS")
# Operators get a mail when what they absorb for a tenant on a day is worth more, in the tenant's currency; 0 for none.
ANOMALY_MINIMUM = CONFIG.number("ANOMALY_MINIMUM")
ABSORBED_ALERT = CONFIG.number("ABSORBED_ALERT")
# Rate limits per minute for tenants and keys without their own; 0 is no limit. Live and test keys count apart.
REQUESTS_PER_MINUTE = CONFIG.number("REQUESTS_PER_MINUTE")
IMAGES_PER_MINUTE = CONFIG.number("IMAGES_PER_MINUTE")
KEY_REQUESTS_PER_MINUTE = CONFIG.number("KEY_REQUESTS_PER_MINUTE")
KEY_IMAGES_PER_MINUTE = CONFIG.number("KEY_IMAGES_PER_MINUTE")

# Requests: an inline picture goes to the spool as it arrives, so the limit guards the disk, not the memory.
MAX_BODY_BYTES = CONFIG.number("MAX_BODY_BYTES")
MAX_FILE_BYTES = CONFIG.number("MAX_FILE_BYTES")
# Bodies on their way: how slow one may be, how long it may take before its average counts, and how many bytes come at
# once, in all and for one tenant, with room left on the spool's disk for answers that were paid for.
BODY_LEAST_RATE = CONFIG.number("BODY_LEAST_RATE")
BODY_SECONDS = CONFIG.number("BODY_SECONDS")
BODIES_BYTES = CONFIG.number("BODIES_BYTES")
BODIES_BYTES_PER_TENANT = CONFIG.number("BODIES_BYTES_PER_TENANT", BODIES_BYTES // 2)
SPOOL_KEEP_FREE_BYTES = CONFIG.number("SPOOL_KEEP_FREE_BYTES")
# What a tenant without a quota of its own may store at once, in both modes; 0 is no limit. And the unfinished uploads
# that a key may have.
STORAGE_QUOTA_BYTES = CONFIG.number("STORAGE_QUOTA_BYTES")
MAX_OPEN_UPLOADS_PER_KEY = CONFIG.number("MAX_OPEN_UPLOADS_PER_KEY")
# Open requests of a web process: waits, event streams, uploads and everything else. Connections are counted apart.
MAX_OPEN_REQUESTS = CONFIG.number("MAX_OPEN_REQUESTS")
MAX_OPEN_REQUESTS_PER_TENANT = CONFIG.number("MAX_OPEN_REQUESTS_PER_TENANT")
MAX_OPEN_REQUESTS_PER_KEY = CONFIG.number("MAX_OPEN_REQUESTS_PER_KEY")
MAX_OPEN_REQUESTS_PER_ADDRESS = CONFIG.number("MAX_OPEN_REQUESTS_PER_ADDRESS")
# Batches: items per batch, batches of a tenant at once, and how long an item may wait before it begins.
MAX_BATCH_ITEMS = CONFIG.number("MAX_BATCH_ITEMS")
MAX_BATCHES = CONFIG.number("MAX_BATCHES")
BATCH_SECONDS = CONFIG.number("BATCH_SECONDS")
# A tenant's batch items that are queued jobs at once; the others wait as rows and hold no money.
BATCH_AHEAD = CONFIG.number("BATCH_AHEAD")
EGRESS_ALLOW = CONFIG.words("EGRESS_ALLOW")
# What tenants' URLs are fetched with, per process: downloads at once, requests (or items of batches) that wait for
# theirs, and how many of both one tenant may have.
FETCHES = CONFIG.number("FETCHES")
FETCHES_PER_TENANT = CONFIG.number("FETCHES_PER_TENANT")
FETCHING_REQUESTS = CONFIG.number("FETCHING_REQUESTS")
FETCHING_REQUESTS_PER_TENANT = CONFIG.number("FETCHING_REQUESTS_PER_TENANT")
# Smaller pictures that are made at once, per process, and the requests that make or wait for one.
DERIVATIVES_AT_ONCE = CONFIG.number("DERIVATIVES_AT_ONCE")
DERIVING_REQUESTS = CONFIG.number("DERIVING_REQUESTS")
DERIVING_REQUESTS_PER_TENANT = CONFIG.number("DERIVING_REQUESTS_PER_TENANT")
# Networks that may read /metrics without an operator key.
METRICS_ALLOW = CONFIG.words("METRICS_ALLOW")
# How long a ready export can be downloaded, and the default wait before a closing tenant is erased.
EXPORT_DAYS = CONFIG.number("EXPORT_DAYS")
ERASURE_DAYS = CONFIG.number("ERASURE_DAYS")
# How long events and calls of erased generations are kept; 0 is for ever.
HISTORY_MONTHS = CONFIG.number("HISTORY_MONTHS")
SIGNED_URL_SECONDS = CONFIG.number("SIGNED_URL_SECONDS")
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SECURE = BASE_URL.startswith("https://")

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
TIME_ZONE = "UTC"
USE_TZ = True
# Pages are in the viewer's language (above/ui/language.py); the API, mails and logs are in English.
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "中文")]
USE_I18N = True
LOCALE_PATHS = [BASE_DIR / "above" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = SECURE
LANGUAGE_COOKIE_SAMESITE = "Lax"

SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
# The prefix makes browsers refuse such a cookie from another host name of the domain.
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrftoken"
SESSION_ENGINE = "accounts.people.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = SECURE and CONFIG.flag("SSL_REDIRECT")
# Health checks (`up`, a load balancer) call a process directly, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = CONFIG.number("HSTS_SECONDS")
# Subdomains and the preload list are not for one platform to decide for a domain.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.flag("BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# For all our pages, the admin and the API documentation. A view that needs another policy sets it itself.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # `data:` for the QR code of a second factor and the icons of the API documentation.
        "img-src": [SELF, "data:"],
        # Google's search suggestions and share pages stand in frames of their own, whose pages allow it.
        "frame-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = logging_settings(CONFIG)
