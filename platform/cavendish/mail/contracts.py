"""The JSON that the SQL functions of mail return; tests/db/test_contracts.py compares its keys with the SQL."""

from __future__ import annotations

from typing import TypedDict


class Attachment(TypedDict):
    """A file that goes with a mail, and where it lies in storage."""

    name: str
    mime_type: str
    storage_key: str


class ClaimedMail(TypedDict):
    """`mail_claim`: what is sent."""

    to: list[str]
    subject: str
    text: str
    html: str
    attachments: list[Attachment]
