"""What a process does not start with: wrong settings, files without a secret, damaged files, logins and stores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from cavendish.boot.config import Config, ConfigurationError, refuse_other_encodings
from cavendish.boot.declared import SETTINGS, Process, Setting
from cavendish.boot.declared.addresses import DatabaseUrl, HttpUrl, ObjectsUrl, QueueUrl
from cavendish.boot.declared.kinds import Choice, Day, File, Flag, Folder, Listed, Moment, Text, TimeOfDay, Whole
from cavendish.boot.startup import refuse_missing, refuse_unknown_models, refuse_wrong_logins
from cavendish.messaging.refusal import broker_refusal
from cavendish.storage.startup import refuse_unusable_store

ROOT = Path(__file__).parents[2]
MANY = str(10**17)
# Of each kind what is wrong for every setting of it.
WRONG: dict[type[Any], tuple[str, ...]] = {
    Whole: ("-5", "ten", "1.5", MANY, "9" * 40),
    Flag: ("maybe", "2"),
    Choice: ("nonsense",),
    Day: ("soon", "2026-13-01"),
    Moment: ("soon", "2026-12-31", "2026-12-31T23:50:00", "1999-12-31T23:50:00Z"),
    TimeOfDay: ("noon", "25:00"),
    HttpUrl: ("images", "ftp://host", "http://", "https://host:notaport", "https://a b"),
    DatabaseUrl: ("mysql://host/x", "postgresql://user@host:notaport/x", "postgresql://host/x", "foo"),
    QueueUrl: ("foo", "http://host", "redis://", "redis://host:notaport", "redis://host/mine"),
    ObjectsUrl: ("nonsense", "ftp://x", "s3://", "s3:///prefix", "file://folder", "s3://bucket?endpoint_url=host"),
    Folder: ("/dev/null",),
    Text: ("a\x07b",),
}
# Of the others, whose kind says no more than their name: a value of each.
WRONG_OF = {
    "CAVENDISH_HOST": "not a host",
    "HEALTH_HOST": "not a host",
    "ALLOWED_HOSTS": "https://images.example.com",
    "FORWARDED_ALLOW_IPS": "10.2.0.0/99",
    "METRICS_ALLOW": "everybody",
    "EGRESS_ALLOW": "10.2.0.0/99",
    "GEMINI_BACKGROUND_MODELS": "a model",
    "EMAIL_HOST": "smtp internal",
    "EMAIL_FROM": "nobody",
    "SENTRY_DSN": "https://sentry.example.com/42",
}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(tmp_path)


def wrong_values(setting: Setting) -> Iterator[str]:
    if setting.name in WRONG_OF:
        yield WRONG_OF[setting.name]
    yield from WRONG.get(type(setting.kind), ())
    if isinstance(setting.kind, Whole):
        yield str(setting.kind.most + 1)
        if setting.kind.least > 0 and not setting.kind.none:
            yield "0"


def test_each_wrong_value_is_refused_by_name(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = set()
    for setting in SETTINGS.values():
        for value in wrong_values(setting):
            tried.add(setting.name)
            monkeypatch.setenv(setting.name, value)
            with pytest.raises(ConfigurationError) as refused:
                config.check()
            said = str(refused.value)
            assert said.startswith(f"{setting.name} "), f"{setting.name}={value!r}: {said}"
            assert "use " in said.lower() or "is no absolute path" in said, said
            assert len(said.splitlines()) == 1
            monkeypatch.delenv(setting.name)
    untried = {
        name for name, each in SETTINGS.items() if name not in tried and not isinstance(each.kind, File | Listed)
    }
    # Names, which may be nearly everything.
    assert {name for name in untried if "NAME" not in name and type(SETTINGS[name].kind).__name__ != "Name"} == set()
    config.check()


def test_an_encoding_that_is_not_the_platforms_is_refused() -> None:
    refuse_other_encodings("UTF-8")
    with pytest.raises(ConfigurationError, match=r"reads? files as ISO-8859-9.* Set PYTHONUTF8=1"):
        refuse_other_encodings("ISO-8859-9")


def test_no_message_repeats_a_secret(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    said = []
    for setting in SETTINGS.values():
        for value in ("://canary", "x://u:canary@host", "canary\x07", "redis://:canary@host:no", "amqp://u:canary@"):
            with monkeypatch.context() as changed:
                changed.setenv(setting.name, value)
                try:
                    config.check()
                except ConfigurationError as refused:
                    said += [str(refused)] if setting.is_secret else []
    assert len(said) > 20
    assert not any("canary" in each for each in said)


def test_tls_of_mail_is_one_of_two(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_USE_TLS", "true")
    monkeypatch.setenv("EMAIL_USE_SSL", "true")
    with pytest.raises(ConfigurationError, match="EMAIL_USE_TLS and EMAIL_USE_SSL"):
        config.check()


# Secrets in files


def test_a_secret_is_read_from_its_file(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    for name, setting in SETTINGS.items():
        if setting.is_secret:
            secret.write_text("one\ntwo\n" if isinstance(setting.kind, Listed) else "one\n")
            monkeypatch.setenv(f"{name}_FILE", str(secret))
            assert Config(tmp_path).get(name) == ("one,two" if isinstance(setting.kind, Listed) else "one")
            assert Config(tmp_path).environment()[name]
            monkeypatch.delenv(f"{name}_FILE")


def test_a_file_that_is_no_secret_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("")

    def refused(**variables: str) -> str:
        with monkeypatch.context() as changed:
            for name, value in variables.items():
                changed.setenv(name, value)
            with pytest.raises(ConfigurationError) as error:
                Config(tmp_path).check()
        return str(error.value)

    secret.write_bytes("\ufeffone\r\n".encode())
    with monkeypatch.context() as changed:
        changed.setenv("SECRET_KEY_FILE", str(secret))
        assert Config(tmp_path).get("SECRET_KEY") == "one"
    secret.write_text("")
    assert refused(SECRET_KEY_FILE="/nowhere").startswith("SECRET_KEY_FILE is '/nowhere': No such file")
    assert refused(SECRET_KEY_FILE=str(tmp_path)).startswith(f"SECRET_KEY_FILE is '{tmp_path}': Is a directory")
    assert "is empty" in refused(SECRET_KEY_FILE=str(secret))
    secret.write_bytes(b"\xff\xfe")
    assert "is no text" in refused(SECRET_KEY_FILE=str(secret))
    secret.write_text("redis://")
    assert refused(BROKER_URL_FILE=str(secret)).startswith("BROKER_URL names no host")
    assert "are both set" in refused(SECRET_KEY="x" * 50, SECRET_KEY_FILE=str(secret))
    assert "only secrets" in refused(BASE_URL_FILE=str(secret))


# What is only seen when a process starts


@pytest.mark.parametrize(
    ("setting", "alias", "other", "words"),
    [
        ("DATABASE_URL", "default", "owner", "owns the database"),
        ("DATABASE_URL", "default", "system", "is not a member of cavendish_app"),
        ("DATABASE_SYSTEM_URL", "system", "default", "is not a member of cavendish_system"),
        ("DATABASE_OPERATOR_URL", "operator", "people", "is not a member of cavendish_operator"),
        ("DATABASE_PEOPLE_URL", "people", "operator", "is not a member of cavendish_people"),
    ],
)
def test_swapped_logins_are_refused(
    monkeypatch: pytest.MonkeyPatch, setting: str, alias: str, other: str, words: str
) -> None:
    refuse_wrong_logins(Process.SCHEDULER)
    monkeypatch.setitem(settings.DATABASES, alias, settings.DATABASES[other])
    with pytest.raises(ConfigurationError, match=f"{setting} is cavendish_.*{words}"):
        refuse_wrong_logins(Process.SCHEDULER)


@pytest.mark.parametrize(
    ("alias", "part", "words"),
    [
        ("default", {"PASSWORD": "wrong"}, "DATABASE_URL is refused by PostgreSQL: .*password authentication failed"),
        ("default", {"NAME": "no"}, 'DATABASE_URL is refused by PostgreSQL: .*"no" does not exist'),
        ("operator", {"NAME": "postgres"}, "DATABASE_URL leads to the database cavendish and DATABASE_OPERATOR_URL to"),
    ],
)
def test_a_database_that_refuses_the_login_ends_the_start(
    monkeypatch: pytest.MonkeyPatch, alias: str, part: dict[str, str], words: str
) -> None:
    monkeypatch.setitem(settings.DATABASES, alias, {**settings.DATABASES[alias], **part})
    with pytest.raises(ConfigurationError, match=words):
        refuse_wrong_logins(Process.WEB)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ("{url}", ""),
        ("redis://:wrong@{server}", "user or password are wrong, or missing"),
        ("redis://{server}", "user or password are wrong, or missing"),
        ("{url}99999", "DB index is out of range"),
        ("redis://127.0.0.1:1/0", ""),
        ("amqp://a:b@127.0.0.1:1", ""),
    ],
)
def test_a_valkey_that_refuses_the_login_ends_the_start(changed: str, reason: str) -> None:
    url = settings.CONFIG.get("VALKEY_URL")
    assert broker_refusal(changed.format(url=url, server=url.rpartition("@")[2])) == reason


def test_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", {**settings.DATABASES["default"], "PORT": "1"})
    refuse_wrong_logins(Process.WEB)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///proc/nope", "STORAGE_URL is file:///proc/nope: "),
        ("file:///dev/null", "STORAGE_URL is file:///dev/null: "),
        ("s3://bucket?no_such_option=1", "STORAGE_URL cannot be used: .*no_such_option"),
    ],
)
def test_a_store_that_never_takes_anything_is_refused(monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    monkeypatch.setattr(settings, "STORAGE_URL", url)
    with pytest.raises(ConfigurationError, match=words):
        refuse_unusable_store()


def test_what_is_missing_is_named(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "CONFIG", config)
    with pytest.raises(ConfigurationError, match=r"DATABASE_URL is not set: .* Use a URL like"):
        refuse_missing(Process.WEB)
    for name in ("DATABASE_URL", "DATABASE_SYSTEM_URL", "BROKER_URL"):
        monkeypatch.setenv(name, "there")
    with pytest.raises(ConfigurationError, match="SANDBOX_URL is not set"):
        refuse_missing(Process.WORKER)


def test_a_model_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "GEMINI_BACKGROUND_MODELS", ["gemini-3-pro-image", "gemini-9"])
    with pytest.raises(ConfigurationError, match=r"GEMINI_BACKGROUND_MODELS: .*gemini-9"):
        refuse_unknown_models()


# Processes


PROCESSES = {
    "up": ("manage.py", "up"),
    "command": ("manage.py", "check"),
    "web": ("-m", "cavendish.up.serve", "cavendish.asgi:application", "--port", "0"),
    "worker": ("-m", "cavendish.worker"),
    "scheduler": ("-m", "django", "scheduler"),
    "sandbox": ("-m", "cavendish.up.serve", "cavendish.sandbox.app:application", "--port", "0"),
}
HALF = '{"DATABASE_URL": "postgresql://caven'


@pytest.mark.parametrize(
    ("process", "variable", "words"),
    [
        ("up", "WORKER_CONCURRENCY=0", "WORKER_CONCURRENCY is '0'; use a whole number from 1 to 100000."),
        ("command", "connection.json", "connection.json is damaged. Remove it"),
        ("up", "services.json", "services.json is damaged."),
        ("up", "up.lock/", "up.lock: Is a directory."),
        ("up", "restore.unfinished", "was not finished: not everything is there. Remove the folder"),
        ("web", "STORAGE_URL=file:///proc/nope", "STORAGE_URL is file:///proc/nope: "),
        ("web", "LOG_LEVEL=LOUD", "LOG_LEVEL is 'LOUD'; use DEBUG, INFO, WARNING or ERROR."),
        ("worker", "DATABASE_SYSTEM_URL", "DATABASE_SYSTEM_URL is cavendish_app, which is not a member of"),
        ("scheduler", "DATABASE_SYSTEM_URL", "DATABASE_SYSTEM_URL is cavendish_app, which is not a member of"),
        ("sandbox", "CATALOG_FILE=/nowhere", "CATALOG_FILE"),
        ("sandbox", "SANDBOX_STATE_DIR=/proc/nope", "SANDBOX_STATE_DIR is /proc/nope"),
    ],
)
def test_every_kind_of_process_ends_with_one_line(tmp_path: Path, process: str, variable: str, words: str) -> None:
    environment = dict(os.environ)
    name, _, value = variable.partition("=")
    if name.endswith("/"):
        environment["CAVENDISH_DATA_DIR"] = str(tmp_path)
        (tmp_path / name).mkdir()
    elif name.islower():
        environment["CAVENDISH_DATA_DIR"] = str(tmp_path)
        (tmp_path / name).write_text(HALF)
    else:
        environment[name] = value or settings.CONFIG.get("DATABASE_URL")
    ended = subprocess.run(
        [sys.executable, *PROCESSES[process]],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert words in "\n".join(said.splitlines()[-2:]), said
    assert "Traceback" not in said
