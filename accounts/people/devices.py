"""Readable names for the devices behind sessions. Browsers may lie, so they only help to recognise one's own."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

_BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:HeadlessChrome|Chrome|CriOS)/"),
    ("Safari", r"\bSafari/"),
    ("curl", r"^curl/"),
)
_SYSTEMS = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("macOS", r"\bMac OS X\b|\bMacintosh\b"),
    ("Linux", r"\bLinux\b"),
)


UNKNOWN = "Unknown device"


def device_name(user_agent: str) -> str:
    """Returns the name of `device_of` in the active language, for pages and mails."""
    browser, between, system = device_of(user_agent).partition(" on ")
    if between:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return _("Unknown device") if browser == UNKNOWN else browser


def device_of(user_agent: str) -> str:
    """Returns a name like "Firefox on Windows", for the audit log; "Unknown device" where neither is recognised."""
    browser = next((name for name, pattern in _BROWSERS if re.search(pattern, user_agent)), "")
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, user_agent)), "")
    return " on ".join(part for part in (browser, system) if part) or UNKNOWN
