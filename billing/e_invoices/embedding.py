"""The metadata by which readers of PDFs know that an e-invoice is attached.

Typst attaches the XML and writes PDF/A-3b; what Factur-X wants in XMP on top of that it cannot write. So the metadata's
stream is replaced, in an update that is appended: what Typst wrote stays, byte for byte.
"""

from __future__ import annotations

import io
from typing import cast

from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject, StreamObject

_END = b"</rdf:RDF>"
_FACTUR_X = b"""<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">\
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>\
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>"""
_SCHEMA = b"""<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">\
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>%s</rdf:Seq></pdfaSchema:property>\
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
_PROPERTY = b"""<rdf:li rdf:parseType="Resource"><pdfaProperty:name>%s</pdfaProperty:name>\
<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>\
<pdfaProperty:description>%s</pdfaProperty:description></rdf:li>"""
_PROPERTIES = {
    b"DocumentFileName": b"The name of the embedded XML document",
    b"DocumentType": b"The type of the hybrid document in capital letters, e.g. INVOICE or ORDER",
    b"Version": b"The actual version of the standard applying to the embedded XML document",
    b"ConformanceLevel": b"The conformance level of the embedded XML document",
}


def factur_x_declare(pdf: bytes) -> bytes:
    """Returns the PDF with the metadata of Factur-X. The same PDF gets the same bytes."""
    writer = PdfWriter(io.BytesIO(pdf), incremental=True)
    metadata = writer.root_object.raw_get("/Metadata")
    xmp = cast(StreamObject, PdfReader(io.BytesIO(pdf)).root_object["/Metadata"].get_object()).get_data()
    properties = b"".join(_PROPERTY % pair for pair in _PROPERTIES.items())
    before, end, after = xmp.rpartition(_END)
    assert end, "Typst's metadata has another form"
    stream = DecodedStreamObject()
    stream.set_data(before + _FACTUR_X + _SCHEMA % properties + end + after)
    stream.update({NameObject("/Type"): NameObject("/Metadata"), NameObject("/Subtype"): NameObject("/XML")})
    writer._replace_object(metadata, stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
