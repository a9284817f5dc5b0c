"""Invoices and credit notes as machines read them, by EN 16931.

document   what an e-invoice says, out of what is frozen on the invoice; what lacks for it is named
cii        as Cross Industry Invoice, which stands in the PDF (Factur-X, ZUGFeRD)
ubl        as UBL 2.1 by the rules of XRechnung
embedding  the metadata by which readers of PDFs know that there is such a thing in it
"""

from __future__ import annotations
