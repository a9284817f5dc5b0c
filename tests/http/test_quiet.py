"""Whoever sends rubbish does not fill the log with it."""

from __future__ import annotations

import logging

import pytest
from django.test import Client


def test_a_wrong_host_name_writes_no_line(django_db_setup: None, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="django"):
        # the level that the settings give to this logger still holds
        assert Client().get("/account/login/", headers={"host": "a@b"}).status_code == 400
    assert [record for record in caplog.records if record.name.startswith("django.security")] == []
