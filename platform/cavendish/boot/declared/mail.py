"""Settings of the section "Mail" of docs/configuration.md."""

from __future__ import annotations

from cavendish.boot.declared.addresses import Host
from cavendish.boot.declared.kinds import Flag, Mailbox, Text, Whole
from cavendish.boot.declared.setting import SERVERS, Example, Process, Setting

SECTION = "Mail"
SETTINGS = [
    Setting(
        name="EMAIL_HOST",
        kind=Host("a host like smtp.internal"),
        shown="none: files",
        about="SMTP server",
        meaning="The SMTP server",
        read_by=(Process.WEB, Process.WORKER),
        example=Example(
            "smtp.internal",
            note=("Codes that confirm an address, new passwords, invitations. Without a server they go into files."),
        ),
    ),
    Setting(
        name="EMAIL_PORT",
        kind=Whole(1, 65535),
        default="587",
        about="Port of the SMTP server",
        meaning="587 speaks STARTTLS, 465 TLS, unless the next two say otherwise",
        read_by=SERVERS,
    ),
    Setting(
        name="EMAIL_USE_TLS",
        kind=Flag(),
        shown="on for port 587",
        about="STARTTLS",
        meaning="STARTTLS",
        read_by=SERVERS,
    ),
    Setting(
        name="EMAIL_USE_SSL",
        kind=Flag(),
        shown="on for port 465",
        about="TLS from the first byte",
        meaning="TLS from the first byte",
        read_by=SERVERS,
    ),
    Setting(
        name="EMAIL_HOST_USER",
        kind=Text(),
        about="Login at the SMTP server",
        meaning="The login, where the server wants one",
        read_by=SERVERS,
    ),
    Setting(
        name="EMAIL_HOST_PASSWORD",
        kind=Text(),
        about="Password at the SMTP server",
        meaning="Its password",
        read_by=SERVERS,
        is_secret=True,
    ),
    Setting(
        name="EMAIL_FROM",
        kind=Mailbox(),
        shown="Cavendish <no-reply@…>",
        about="Sender of mails",
        meaning="The sender",
        read_by=SERVERS,
        example=Example("Cavendish <no-reply@images.example.com>"),
    ),
    Setting(
        name="EMAIL_TIMEOUT",
        kind=Whole(1, 600),
        default="10",
        about="Seconds for each answer of the SMTP server",
        meaning="Seconds for each answer of the server",
        read_by=SERVERS,
    ),
]
