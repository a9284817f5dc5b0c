"""Settings of the section "Services" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import DatabaseUrl, HttpUrl, ObjectsUrl, QueueUrl
from cavendish.boot.declared.kinds import Choice, Folder, Whole
from cavendish.boot.declared.setting import ALL, CLOCKED, WEB, Example, Process, Setting
from cavendish.db.address import POOLERS

SECTION = "Services"
SETTINGS = [
    Setting(
        name="DATABASE_URL",
        kind=DatabaseUrl(),
        shown="embedded",
        about="PostgreSQL as cavendish_app, for web and workers",
        meaning=(
            "`postgresql://user:password@host:5432/name`, as the role `cavendish_app`: web and workers. Every "
            "parameter that libpq knows may follow: `?sslmode=verify-full&sslrootcert=/etc/ssl/db-ca.pem`, "
            "several hosts with `target_session_attrs=read-write`; `application_name` is the process's name "
            "unless the URL has one"
        ),
        read_by=ALL,
        needed_by=ALL,
        is_secret=True,
        example=Example(
            "postgresql://cavendish_app:PASSWORD@db.internal:5432/cavendish",
            note="DATABASE_OWNER_URL is for migrations alone and stands in owner.env.",
        ),
    ),
    Setting(
        name="DATABASE_SYSTEM_URL",
        kind=DatabaseUrl(),
        shown="the same server",
        about="PostgreSQL as cavendish_system, for workers and the scheduler",
        meaning="As `cavendish_system`: workers and the scheduler",
        read_by=CLOCKED,
        needed_by=CLOCKED,
        is_secret=True,
        example=Example("postgresql://cavendish_system:PASSWORD@db.internal:5432/cavendish"),
    ),
    Setting(
        name="DATABASE_OPERATOR_URL",
        kind=DatabaseUrl(),
        shown="the same server",
        about="PostgreSQL as cavendish_operator, for the admin, commands and the scheduler",
        meaning="As `cavendish_operator`: the admin, commands, and the scheduler",
        read_by=(Process.WEB, Process.SCHEDULER),
        needed_by=(Process.WEB, Process.SCHEDULER),
        is_secret=True,
        example=Example("postgresql://cavendish_operator:PASSWORD@db.internal:5432/cavendish"),
    ),
    Setting(
        name="DATABASE_PEOPLE_URL",
        kind=DatabaseUrl(),
        shown="the same server",
        about="PostgreSQL as cavendish_people, for accounts of people",
        meaning=("As `cavendish_people`: accounts of people, their factors and sessions, written by the web process"),
        read_by=(Process.WEB, Process.SCHEDULER),
        needed_by=(Process.WEB, Process.SCHEDULER),
        is_secret=True,
        example=Example("postgresql://cavendish_people:PASSWORD@db.internal:5432/cavendish"),
    ),
    Setting(
        name="DATABASE_OWNER_URL",
        kind=DatabaseUrl(),
        shown="embedded",
        about="PostgreSQL as the owner, for migrations",
        meaning=("As the owner of the database: migrations. `up` needs it as soon as one of the others is given"),
        read_by=(Process.UP, Process.MIGRATE),
        is_secret=True,
        example=Example("postgresql://cavendish_owner:PASSWORD@db.internal:5432/cavendish", file="owner.env.example"),
    ),
    Setting(
        name="DATABASE_POOLER",
        kind=Choice(POOLERS),
        default="none",
        about="What stands before PostgreSQL: none, or transaction for a pooler in transaction mode",
        meaning=(
            "`transaction` where the URLs lead through PgBouncer in transaction mode, RDS Proxy, Supavisor or "
            "pgcat: nothing is prepared then and no cursor is held. A process that finds such a pooler "
            "without the setting does not start. `DATABASE_OWNER_URL` leads to PostgreSQL itself"
        ),
        read_by=ALL,
    ),
    Setting(
        name="DATABASE_POOL_SIZE",
        kind=Whole(1, 1000),
        default="8",
        about="Connections of each web process as cavendish_app",
        meaning="Connections of each web process as `cavendish_app`; a worker has up to 5 of its own",
        read_by=WEB,
    ),
    Setting(
        name="BROKER_URL",
        kind=QueueUrl("redis://host:6379/0 or amqp://user:password@host:5672"),
        shown="embedded Valkey",
        about="Broker of background work: Valkey, Redis or RabbitMQ",
        meaning="`redis://`, `rediss://`, `valkey://`, or `amqp://` and `amqps://` for RabbitMQ",
        read_by=ALL,
        needed_by=ALL,
        is_secret=True,
        example=Example(
            "redis://:PASSWORD@valkey.internal:6379/0",
            note=("Valkey or Redis; for RabbitMQ amqp://user:PASSWORD@mq.internal:5672, and VALKEY_URL stays."),
        ),
    ),
    Setting(
        name="VALKEY_URL",
        kind=QueueUrl("redis://host:6379/0", amqp=False),
        shown="BROKER_URL",
        about="Wakes waiting clients and counts rate limits",
        meaning=(
            "Carries the messages that wake waiting clients, and the counters of rate limits. With RabbitMQ "
            "and without this, waiting works by looking every half second"
        ),
        read_by=ALL,
        is_secret=True,
        example=Example("redis://:PASSWORD@valkey.internal:6379/0"),
    ),
    Setting(
        name="STORAGE_URL",
        kind=ObjectsUrl(),
        shown="file://<data directory>/objects",
        about="Where pictures and files lie",
        meaning=(
            "`file:///path`, or `s3://bucket/prefix?endpoint_url=…&region_name=…` with the options of "
            "django-storages' S3 backend, and `server_side_encryption=AES256` (or `aws:kms` with "
            "`sse_kms_key_id=…`) and `storage_class=…` for what is uploaded. Credentials as boto3 reads them "
            "(`AWS_ACCESS_KEY_ID` and so on, or the machine's role). Web and workers must see the same objects"
        ),
        read_by=ALL,
        example=Example(
            "s3://bucket/prefix?endpoint_url=https://s3.example.com&region_name=eu-central-1",
            note=(
                "One machine: file:///var/lib/cavendish/objects. Several machines: a bucket, with the two keys\n"
                "below or the machine's role."
            ),
        ),
    ),
    Setting(
        name="STORAGE_DIRECT_URL",
        kind=HttpUrl("an address like https://s3.eu-central-1.amazonaws.com", path=True),
        about="Address of the bucket's server at which clients read pictures themselves",
        meaning=(
            "Where clients reach the server of an `s3://` bucket. With it, signed addresses of pictures lead to the "
            "bucket (307, signed for as long as they are), so that their bytes do not pass through web. The bucket "
            "needs CORS rules for the sites that read them by script. Without it all bytes pass through web"
        ),
        read_by=(Process.WEB,),
    ),
    Setting(
        name="SPOOL_DIR",
        kind=Folder(),
        shown="<data directory>/spool",
        about="Where answers wait until they are settled",
        meaning=(
            "Where answers wait until they are settled, and requests while they are read. A local disk that "
            "survives a restart. On the file system of `STORAGE_URL` a picture is kept by a rename"
        ),
        read_by=ALL,
    ),
]
