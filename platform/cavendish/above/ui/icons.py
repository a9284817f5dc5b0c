"""One set of icons, drawn on 20 × 20 as strokes. In navigation each stands beside a word."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

PATHS = {
    "home": '<path d="M3 9.5 10 3l7 6.5M5 8v9h10V8"/>',
    "jobs": '<path d="M4 5h12M4 10h12M4 15h7"/>',
    "batches": '<path d="M10 3 3 6.5l7 3.5 7-3.5zM3 10l7 3.5 7-3.5M3 13.5 10 17l7-3.5"/>',
    "picture": '<rect x="3" y="4" width="14" height="12" rx="1.5"/><path d="m3 14 4.5-4.5 3 3 2-2L17 15"/>',
    "tenants": '<path d="M4 17V4.5h7V17M11 8h5v9M2.5 17h15M6.5 8h2M6.5 11h2"/>',
    "people": '<circle cx="7.5" cy="7" r="3"/><path d="M2.5 16.5c.5-3 2.5-4.5 5-4.5s4.5 1.5 5 4.5M13 4.3a3 3 0 0 1 0 5.4M14.5 12.3c1.7.6 2.7 2 3 4.2"/>',
    "key": '<circle cx="7" cy="13" r="3.5"/><path d="M9.5 10.5 16 4M13 7l2.5 2.5M15 5l1.5 1.5"/>',
    "money": '<rect x="2.5" y="5" width="15" height="10" rx="1.5"/><circle cx="10" cy="10" r="2.2"/>',
    "invoice": '<path d="M5 2.5h10v15l-2.5-1.5-2.5 1.5-2.5-1.5L5 17.5zM8 7h4M8 10h4"/>',
    "ledger": '<path d="M4 3h12v14H4zM4 7h12M10 7v10"/>',
    "price": '<path d="M3 3.5h6.5l7 7-6 6-7.5-7z"/><circle cx="6.8" cy="7" r="1"/>',
    "plan": '<path d="M4 4h12v4H4zM4 12h12v4H4zM7 8v4M13 8v4"/>',
    "model": '<path d="m10 3 1.7 5.3L17 10l-5.3 1.7L10 17l-1.7-5.3L3 10l5.3-1.7z"/>',
    "workers": '<path d="M2.5 10.5H6l2-6 4 11 2-5h3.5"/>',
    "link": '<path d="M8.5 11.5a3 3 0 0 0 4.2 0l3-3a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.2 0l-3 3a3 3 0 0 0 4.2 4.2l1-1"/>',
    "shield": '<path d="M10 2.5 4 5v4.5c0 4 2.5 6.8 6 8 3.5-1.2 6-4 6-8V5z"/><path d="m7.5 10 2 2 3.5-4"/>',
    "settings": '<circle cx="10" cy="10" r="2.5"/><path d="M10 2.5V5M10 15v2.5M2.5 10H5M15 10h2.5M4.7 4.7l1.8 1.8M13.5 13.5l1.8 1.8M4.7 15.3l1.8-1.8M13.5 6.5l1.8-1.8"/>',
    "mail": '<rect x="2.5" y="4.5" width="15" height="11" rx="1.5"/><path d="m3 6 7 5 7-5"/>',
    "storage": '<ellipse cx="10" cy="5" rx="6.5" ry="2.5"/><path d="M3.5 5v10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5V5M3.5 10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5"/>',
    "check": '<path d="M4 4h12v12H4zM7 10l2 2 4-5"/>',
    "search": '<circle cx="9" cy="9" r="5.5"/><path d="m13 13 4 4"/>',
    "copy": '<rect x="7" y="7" width="10" height="10" rx="1.5"/><path d="M4.5 13H3V3h10v1.5"/>',
    "good": '<circle cx="10" cy="10" r="7.5"/><path d="m6.5 10.5 2.5 2.5 4.5-5.5"/>',
    "bad": '<circle cx="10" cy="10" r="7.5"/><path d="M10 6v5M10 13.5v.5"/>',
    "waiting": '<circle cx="10" cy="10" r="7.5"/><path d="M10 6v4.3l3 1.7"/>',
    "tick": '<path d="m5 10.5 3.5 3.5L15.5 6.5"/>',
    "off": '<circle cx="10" cy="10" r="7.5"/><path d="M6.5 10h7"/>',
    "info": '<circle cx="10" cy="10" r="7.5"/><path d="M10 9v5M10 6v.5"/>',
    "down": '<path d="m6 8 4 4 4-4"/>',
    "next": '<path d="m8 5 5 5-5 5"/>',
    "back": '<path d="m12 5-5 5 5 5"/>',
    "play": '<circle cx="10" cy="10" r="7.5"/><path d="m8.5 7 5 3-5 3z"/>',
    "lock": '<rect x="4.5" y="9" width="11" height="8" rx="1.5"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>',
    "again": '<path d="M16 10a6 6 0 1 1-2-4.5M16 3v3.5h-3.5"/>',
    "more": '<path d="M4.5 10h.01M10 10h.01M15.5 10h.01"/>',
    "plus": '<path d="M10 4v12M4 10h12"/>',
    "note": '<path d="M4 3.5h12v9L11.5 17H4zM16 12.5h-4.5V17"/>',
    "wand": '<path d="m4 16 8.5-8.5M14 3v3M12.5 4.5h3M16.5 9v2M15.5 10h2M7 3.5v2M6 4.5h2"/><path d="m11 6 3 3"/>',
    "bars": '<path d="M3 17h14M5 14v-4M10 14V4M15 14V8"/>',
    "card": '<rect x="2.5" y="4.5" width="15" height="11" rx="1.5"/><path d="M2.5 8.5h15M5.5 12.5h3"/>',
    "switch": '<path d="m7 8 3-3 3 3M7 12l3 3 3-3"/>',
    "download": '<path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12"/>',
    "turn": '<path d="M5 4v6a2 2 0 0 0 2 2h8M12 9l3 3-3 3"/>',
    "star": '<path d="m10 3 2.1 4.4 4.9.6-3.6 3.3 1 4.8L10 13.7l-4.4 2.4 1-4.8L3 8l4.9-.6z"/>',
    "trash": '<path d="M4 5.5h12M8 5V3.5h4V5M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5"/>',
    "globe": '<circle cx="10" cy="10" r="7.5"/><path d="M2.5 10h15M10 2.5c2.2 2.2 3.2 4.7 3.2 7.5s-1 5.3-3.2 7.5c-2.2-2.2-3.2-4.7-3.2-7.5s1-5.3 3.2-7.5"/>',
    "close": '<path d="m5 5 10 10M15 5 5 15"/>',
    "expand": '<path d="M12 3.5h4.5V8M16.5 3.5 11.5 8.5M8 16.5H3.5V12M3.5 16.5l5-5"/>',
    "columns": '<rect x="3" y="4" width="14" height="12" rx="1.5"/><path d="M10 4v12"/>',
    "device": '<rect x="3" y="4" width="14" height="9.5" rx="1.5"/><path d="M7.5 17h5M10 13.5V17"/>',
    "upload": '<path d="M10 13V4M6 7.5l4-4 4 4M4 16.5h12"/>',
    "clock": '<circle cx="10" cy="10" r="7.5"/><path d="M10 5.5V10l3 2"/>',
}
"""Names and drawings. The names are those of what stands beside them."""

TONES = {"good": "good", "bad": "bad", "waiting": "waiting", "off": "off"}


def icon(name: str, *, small: bool = True) -> SafeString:
    """Returns the icon as inline SVG, hidden from screen readers. Raises KeyError for an unknown name."""
    size = "icon icon-small" if small else "icon"
    drawing = mark_safe(PATHS[name])  # ours, written above
    return format_html('<svg class="{}" viewBox="0 0 20 20" aria-hidden="true">{}</svg>', size, drawing)
