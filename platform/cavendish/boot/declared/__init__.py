"""Every setting, declared once: what it may be, its default, and what people are told of it.

The check at the start, the tables of docs/configuration.md, the admin's page of settings and the example files in
deploy/ are all made of these declarations (CONTRIBUTING.md, "Add a setting").
"""

from __future__ import annotations

from cavendish.boot.declared import (
    embedded,
    invoices,
    mail,
    payments,
    people,
    place,
    requests,
    services,
    upstream,
    workers,
)
from cavendish.boot.declared.setting import Example, Process, Setting

__all__ = ["SECTIONS", "SETTINGS", "Example", "Process", "Setting"]

SECTIONS: dict[str, list[Setting]] = {
    module.SECTION: module.SETTINGS
    for module in (place, people, services, upstream, workers, requests, invoices, payments, mail, embedded)
}
SETTINGS: dict[str, Setting] = {setting.name: setting for section in SECTIONS.values() for setting in section}
