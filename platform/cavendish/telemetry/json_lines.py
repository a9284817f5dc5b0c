"""Log lines as JSON: one object a line, with the fields that a line brings in `extra={"fields": …}`."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cavendish.db.address import process_name
from cavendish.telemetry.logs import SafeFormatter, as_outage, without_secrets
from cavendish.telemetry.request_ids import current_request

_GENERATION = re.compile(r"\bgen_[0-9a-f]{32}\b")


class JsonFormatter(SafeFormatter):
    """Formats as SafeFormatter does: nothing of a secret, and of database errors only their class."""

    def format(self, record: logging.LogRecord) -> str:
        record = as_outage(record)
        request = current_request()
        message = without_secrets(record.getMessage())
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": _process(),
            "message": message,
        }
        if request.id:
            line["request_id"] = request.id
        if request.trace_id:
            line["trace_id"] = request.trace_id
        if generation := _GENERATION.search(message):
            line["generation_id"] = generation[0]
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


@cache
def _process() -> str:
    """Returns "web", "worker", "scheduler", or the command that runs."""
    return process_name().removeprefix("cavendish").strip() or "manage.py"
