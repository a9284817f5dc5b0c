"""Settings of the section "Where it runs" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import Host, HostPattern, HttpUrl, NetworkOrAll, SentryDsn
from cavendish.boot.declared.kinds import Choice, Flag, Folder, Listed, Moment, Name, Text, Whole
from cavendish.boot.declared.setting import ALL, SERVERS, UP, WEB, WORKER, Example, Setting

SECTION = "Where it runs"
SETTINGS = [
    Setting(
        name="CAVENDISH_DATA_DIR",
        kind=Folder(),
        default=".cavendish",
        shown=".cavendish in the current folder",
        about="Folder of everything that is kept on this machine",
        meaning=(
            "Everything that the platform keeps on this machine: see [the layout](operations.md#the-data-directory)"
        ),
        read_by=(*UP, *ALL),
        example=Example("/var/lib/cavendish"),
    ),
    Setting(
        name="PORT",
        kind=Whole(0, 65535),
        default="8000",
        about="Port of the web server under `up`",
        meaning="`up` only: the port of the web server",
        read_by=UP,
    ),
    Setting(
        name="CAVENDISH_HOST",
        kind=Host(),
        default="127.0.0.1",
        about="Address that the web server listens on under `up`",
        meaning=(
            "`up` only: the address it listens on; `0.0.0.0` for all of the machine's; then say by `BASE_URL` "
            "or `ALLOWED_HOSTS` what the machine is called"
        ),
        read_by=UP,
    ),
    Setting(
        name="WEB_PROCESSES",
        kind=Whole(1, 64),
        default="1",
        about="Web processes under `up`",
        meaning=(
            "`up` only: how many web processes share `PORT`. Each bounds and counts connections for itself, and has a "
            "port of its own for `/metrics` (`metrics_urls` in `ready.json`)"
        ),
        read_by=UP,
    ),
    Setting(
        name="WORKERS",
        kind=Whole(0, 1000),
        default="2",
        about="Worker processes under `up`",
        meaning="`up` only: how many worker processes",
        read_by=UP,
    ),
    Setting(
        name="HANG_SECONDS",
        kind=Whole(5, 3600),
        default="40",
        about="Seconds without an answer after which `up` replaces a child",
        meaning=(
            "Under `up`: web, a worker, the scheduler or the sandbox that has not answered for so long is "
            "killed and started again"
        ),
        read_by=UP,
    ),
    Setting(
        name="UNREADY_SECONDS",
        kind=Whole(0, 600),
        default="10",
        about="Seconds after SIGTERM in which web still takes requests and /readyz says that it stops",
        meaning=(
            "How long a web process goes on taking requests after SIGTERM, with `/readyz` at 503 and connections that "
            "close after their answer. Longer than a proxy keeps an idle connection (8 s in `nginx.conf.example`), and "
            "than a load balancer needs to see `/readyz`"
        ),
        read_by=WEB,
    ),
    Setting(
        name="DRAIN_SECONDS",
        kind=Whole(0, 3600),
        default="90",
        about="Seconds after SIGTERM in which running jobs, waits and streams may end",
        meaning=(
            "How long a worker lets running jobs end after SIGTERM, and a web process waits and streams: at least as "
            "long as a call to the upstream takes, or a deploy buys pictures again where models take no background "
            "mode. What is not done then goes back to the queue, and waits get their 202. `10` for web under `up`"
        ),
        read_by=SERVERS,
    ),
    Setting(
        name="STOP_SECONDS",
        kind=Whole(1, 3600),
        default="12",
        about="Seconds that running jobs get when `up` itself ends",
        meaning=(
            "How long running jobs and requests get when `up` ends, or when a worker gets SIGINT: then everything "
            "stops, so nothing takes over, and what is not done runs again at the next start"
        ),
        read_by=(*UP, *WORKER),
    ),
    Setting(
        name="CAVENDISH_CLOCK",
        kind=Moment(),
        shown="the machine's clock",
        about="Moment from which the clock of an embedded platform goes",
        meaning=(
            "`up` only: the moment from which the clock of an embedded platform goes; `manage.py clock` then moves it "
            "on ([A clock that can be moved](clock.md)). Refused with services of your own and in production"
        ),
        read_by=UP,
    ),
    Setting(
        name="DEMO",
        kind=Flag(),
        default="false",
        about="Gives twelve demo tenants three months of life under `up`, once",
        meaning=(
            "`up` only: gives twelve demo tenants three months of life, once ([A demo with a "
            "past](operations.md#a-demo-with-a-past)). Refused beside other tenants, and where `BASE_URL` is "
            "not this machine"
        ),
        read_by=UP,
    ),
    Setting(
        name="DEMO_PERCENT",
        kind=Whole(1, 2000),
        default="100",
        about="How much life `DEMO` gives: 100 is about 46,000 generations",
        meaning=(
            "`up` only: how much life `DEMO` gives, of about 46,000 generations; with less the first start is quicker"
        ),
        read_by=UP,
    ),
    Setting(
        name="BASE_URL",
        kind=HttpUrl("an address like https://images.example.com"),
        shown="http://127.0.0.1:<PORT>",
        about="Address at which clients reach the platform",
        meaning=(
            "The address at which clients reach the platform, used in signed URLs and in links between pages. "
            "With `https://` cookies are secure and plain requests are sent to https, except `/healthz` and "
            "`/readyz`"
        ),
        read_by=(*UP, *ALL),
        example=Example("https://images.example.com"),
    ),
    Setting(
        name="ALLOWED_HOSTS",
        kind=Listed(HostPattern(), "host names without a port, like images.example.com"),
        shown="the host of BASE_URL",
        about="Host names that are answered",
        meaning="Host names that are answered; requests to other names get 400, health checks included",
        read_by=WEB,
        example=Example("images.example.com"),
    ),
    Setting(
        name="BEHIND_PROXY",
        kind=Flag(),
        default="false",
        about="Believe X-Forwarded-Proto",
        meaning=(
            "Believe `X-Forwarded-Proto`, and under `up` also `X-Forwarded-For`. Only where a proxy of yours "
            "sets them on every request"
        ),
        read_by=(*UP, *WEB),
        example=Example("true"),
    ),
    Setting(
        name="FORWARDED_ALLOW_IPS",
        kind=Listed(NetworkOrAll(), "addresses and networks like 10.2.0.0/16, or *"),
        default="127.0.0.1",
        about="Proxies whose X-Forwarded-For is believed",
        meaning=(
            "uvicorn's own: addresses of proxies whose `X-Forwarded-For` is believed. Needed when the proxy "
            "is on another machine"
        ),
        read_by=WEB,
    ),
    Setting(
        name="SSL_REDIRECT",
        kind=Flag(),
        default="true",
        about="Send plain requests to https, with an https BASE_URL",
        meaning="With an https `BASE_URL`, send plain requests to https. `false` where the proxy does it",
        read_by=WEB,
    ),
    Setting(
        name="HSTS_SECONDS",
        kind=Whole(0, 315_360_000),
        default="0",
        about="Seconds of Strict-Transport-Security",
        meaning="`Strict-Transport-Security`, in seconds",
        read_by=WEB,
        example=Example("31536000"),
    ),
    Setting(
        name="SECRET_KEY",
        kind=Text("50 random characters"),
        shown="created by `up`",
        about="Signs URLs of pictures and pages, and sessions",
        meaning=(
            "Signs the URLs of pictures and pages, and sessions. **Without `up` set one**, the same for every "
            "process: whoever knows the key can sign URLs, so the default in the source is refused. A new key "
            "makes the old URLs invalid"
        ),
        read_by=ALL,
        is_secret=True,
        example=Example(
            "",
            note=(
                "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'\n"
                "It signs every URL of a picture, and is the same on all machines."
            ),
        ),
    ),
    Setting(
        name="SECRET_KEY_FALLBACKS",
        kind=Listed(Text(), "keys separated by commas"),
        about="Earlier SECRET_KEYs that still work",
        meaning=(
            "Keys that were `SECRET_KEY` before: sessions and secrets of second factors that they protect "
            "still work. Remove them once everybody has signed in again"
        ),
        read_by=ALL,
        is_secret=True,
    ),
    Setting(
        name="DEBUG",
        kind=Flag(),
        default="false",
        about="Django's debug pages",
        meaning="Django's debug pages, which show settings and values. For development only",
        read_by=WEB,
    ),
    Setting(
        name="LOG_LEVEL",
        kind=Choice(("DEBUG", "INFO", "WARNING", "ERROR")),
        default="INFO",
        about="What is logged: DEBUG, INFO, WARNING or ERROR",
        meaning="`DEBUG`, `INFO`, `WARNING` or `ERROR`",
        read_by=ALL,
    ),
    Setting(
        name="LOG_FORMAT",
        kind=Choice(("text", "json")),
        default="text",
        about="How lines of the log are written: text, or json",
        meaning="How lines of the log are written: `text`, or `json` ([what a line has](operations.md#logs))",
        read_by=ALL,
    ),
    Setting(
        name="ACCESS_LOG",
        kind=Flag(),
        default="true",
        about="Whether web processes write a line for each request",
        meaning="Whether web processes write a line for each request",
        read_by=WEB,
    ),
    Setting(
        name="SENTRY_DSN",
        kind=SentryDsn(),
        about="Where errors are sent, beside the log",
        meaning=(
            "A Sentry, or what speaks its protocol, to which [errors](operations.md#errors) are sent beside the log"
        ),
        read_by=ALL,
        is_secret=True,
    ),
    Setting(
        name="SENTRY_ENVIRONMENT",
        kind=Text(),
        default="production",
        about="Name of this installation in Sentry",
        meaning="The name of this installation in Sentry",
        read_by=ALL,
    ),
    Setting(
        name="OTEL_EXPORTER_OTLP_ENDPOINT",
        kind=HttpUrl("an address like http://collector:4318"),
        about="Address of the collector that traces are sent to",
        meaning=(
            "Switches [traces](operations.md#traces) on: the collector's address. OpenTelemetry's other variables "
            "hold as well"
        ),
        read_by=ALL,
    ),
    Setting(
        name="DJANGO_SETTINGS_MODULE",
        kind=Name("a module's name"),
        default="cavendish.settings",
        about="Django's own",
        meaning="Django's own. Set it where `django-admin` or `python -m django` is called directly",
        read_by=ALL,
        example=Example("cavendish.settings"),
    ),
]
