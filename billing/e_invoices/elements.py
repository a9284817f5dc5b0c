"""What both syntaxes share: elements by prefixed names, amounts, the document's bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

# What XML 1.0 cannot hold, even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Writer:
    """Adds elements by names like "ram:ID"; what has no text is left out."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.namespaces = namespaces
        for prefix, uri in namespaces.items():
            ElementTree.register_namespace(prefix, uri)

    def root(self, name: str) -> ElementTree.Element:
        return ElementTree.Element(self._name(name))

    def inside(self, parent: ElementTree.Element, path: str) -> ElementTree.Element:
        """Returns a new element below the parent, with those that lie between, by a path like "ram:A/ram:B"."""
        for name in path.split("/"):
            parent = ElementTree.SubElement(parent, self._name(name))
        return parent

    def text(self, parent: ElementTree.Element, path: str, text: str, **attributes: str) -> None:
        text = _FORBIDDEN.sub("", text)
        if text:
            element = self.inside(parent, path)
            element.text = text
            element.attrib.update(attributes)

    def _name(self, name: str) -> str:
        prefix, _, local = name.partition(":")
        return f"{{{self.namespaces[prefix]}}}{local}"


def document_bytes(root: ElementTree.Element) -> bytes:
    """Returns the document, indented so that a person can read it: the same bytes for the same elements."""
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text + b"\n"


def coins(amount: Decimal, digits: int) -> str:
    return f"{amount:.{digits}f}"


def plain(number: Decimal) -> str:
    """Returns a number without idle zeros: "19", "0.5", "-3"."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def iso(day: date) -> str:
    return day.isoformat()


def compact(day: date) -> str:
    return f"{day:%Y%m%d}"
