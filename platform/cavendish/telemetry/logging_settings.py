"""Settings of Python's logging: lines to standard error, and errors to a Sentry where there is one."""

from __future__ import annotations

from typing import Any

from cavendish.boot.config import Config


def logging_settings(config: Config) -> dict[str, Any]:
    """Returns Django's LOGGING. Errors also go to a Sentry, as lines of the log go to standard error."""
    sentry: dict[str, Any] = {}
    if dsn := config.get("SENTRY_DSN"):
        sentry["errors"] = {
            "()": "cavendish.telemetry.errors.ErrorsHandler",
            "dsn": dsn,
            "environment": config.get("SENTRY_ENVIRONMENT"),
            "filters": ["repeats_of_errors"],
        }

    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "cavendish.telemetry.logs.SafeFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            },
            "json": {"()": "cavendish.telemetry.json_lines.JsonFormatter"},
        },
        "filters": {
            "repeats": {"()": "cavendish.telemetry.repeats.RepeatsFilter"},
            "repeats_of_errors": {"()": "cavendish.telemetry.repeats.RepeatsFilter", "counts": False},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "json" if config.choice("LOG_FORMAT") == "json" else "line",
                "filters": ["repeats"],
            },
            **sentry,
        },
        "root": {"handlers": ["console", *sentry], "level": config.choice("LOG_LEVEL")},
        # Refused requests are counted in /metrics; a line for each would let their sender fill the log.
        "loggers": {
            "django.request": {"level": "ERROR"},
            # Django writes a traceback for each wrong host name and token.
            "django.security": {"level": "CRITICAL"},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            # It says each error of a connection five times, and whoever uses the connection says it once more.
            "pika": {"level": "CRITICAL"},
            "dramatiq": {"level": "WARNING"},
            "cavendish.access": {"level": "INFO" if config.flag("ACCESS_LOG") else "WARNING"},
            "stripe": {"level": "WARNING"},
        },
    }
