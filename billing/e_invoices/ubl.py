"""An e-invoice as UBL 2.1 by the rules of XRechnung 3.0, which are those of EN 16931 and some of their own."""

from __future__ import annotations

from decimal import Decimal
from xml.etree.ElementTree import Element

from billing.e_invoices.document import OTHER, EInvoice, Party
from billing.e_invoices.elements import Writer, coins, document_bytes, iso, plain
from billing.e_invoices.lines import Line
from billing.models import TaxCategory

CUSTOMISATION = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
NO_PHONE = "n/a"
"""XRechnung wants a number (BR-DE-6), and says of this one in a warning that it is none (BR-DE-27)."""
_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
_COMMON = {"cac": f"{_UBL}:CommonAggregateComponents-2", "cbc": f"{_UBL}:CommonBasicComponents-2"}


def ubl(document: EInvoice) -> bytes:
    """Returns the XML. `document` lacks nothing (`shortcomings`)."""
    return _Ubl(document).bytes()


class _Ubl:
    def __init__(self, document: EInvoice) -> None:
        self.document = document
        self.kind = "CreditNote" if document.is_credit_note else "Invoice"
        self.write = Writer({"ubl": f"{_UBL}:{self.kind}-2", **_COMMON})

    def bytes(self) -> bytes:
        root = self.write.root(f"ubl:{self.kind}")
        self._head(root)
        self._party(root, "cac:AccountingSupplierParty", self.document.seller, is_seller=True)
        self._party(root, "cac:AccountingCustomerParty", self.document.buyer, is_seller=False)
        self._delivery(root)
        self._payment(root)
        self._tax(root)
        self._totals(root)
        for line in self.document.lines:
            self._line(root, line)
        return document_bytes(root)

    def _head(self, root: Element) -> None:
        document, text = self.document, self.write.text
        text(root, "cbc:CustomizationID", CUSTOMISATION)
        text(root, "cbc:ProfileID", PROCESS)
        text(root, "cbc:ID", document.number)
        text(root, "cbc:IssueDate", iso(document.issued_on))
        if document.due_on is not None:
            text(root, "cbc:DueDate", iso(document.due_on))
        text(root, f"cbc:{self.kind}TypeCode", document.type_code)
        for note in document.notes:
            text(root, "cbc:Note", note)
        text(root, "cbc:DocumentCurrencyCode", document.currency)
        if document.exchanged:
            text(root, "cbc:TaxCurrencyCode", document.exchanged.currency)
        text(root, "cbc:BuyerReference", document.buyer_reference)
        period = self.write.inside(root, "cac:InvoicePeriod")
        text(period, "cbc:StartDate", iso(document.starts_on))
        text(period, "cbc:EndDate", iso(document.ends_on))
        text(root, "cac:OrderReference/cbc:ID", document.order_reference)
        if document.preceding:
            number, day = document.preceding
            reference = self.write.inside(root, "cac:BillingReference/cac:InvoiceDocumentReference")
            text(reference, "cbc:ID", number)
            text(reference, "cbc:IssueDate", iso(day))

    def _party(self, root: Element, name: str, party: Party, *, is_seller: bool) -> None:
        write, outside = self.write, self.document.category == TaxCategory.OUTSIDE
        element = write.inside(root, f"{name}/cac:Party")
        if party.endpoint:
            write.text(element, "cbc:EndpointID", party.endpoint[0], schemeID=party.endpoint[1])
        # Where there is no VAT number, or none may stand, this is what tells the party.
        if outside or not party.vat_id:
            write.text(element, "cac:PartyIdentification/cbc:ID", party.tax_id)
        self._address(element, "cac:PostalAddress", party)
        if party.vat_id and not outside:
            self._tax_scheme(element, party.vat_id, "VAT")
        elif is_seller and party.tax_number:
            self._tax_scheme(element, party.tax_number, "FC")
        write.text(element, "cac:PartyLegalEntity/cbc:RegistrationName", party.name)
        if is_seller:
            contact = write.inside(element, "cac:Contact")
            write.text(contact, "cbc:Name", party.contact_name or party.name)
            write.text(contact, "cbc:Telephone", party.phone or NO_PHONE)
            write.text(contact, "cbc:ElectronicMail", party.email)
        elif party.email:
            write.text(element, "cac:Contact/cbc:ElectronicMail", party.email)

    def _address(self, parent: Element, name: str, party: Party) -> None:
        write, parts = self.write, party.postal_address
        address = write.inside(parent, name)
        write.text(address, "cbc:StreetName", parts.get("line1", ""))
        write.text(address, "cbc:AdditionalStreetName", parts.get("line2", ""))
        write.text(address, "cbc:CityName", parts.get("city", ""))
        write.text(address, "cbc:PostalZone", parts.get("postal_code", ""))
        write.text(address, "cbc:CountrySubentity", parts.get("region", ""))
        write.text(address, "cac:Country/cbc:IdentificationCode", party.country)

    def _tax_scheme(self, party: Element, number: str, scheme: str) -> None:
        element = self.write.inside(party, "cac:PartyTaxScheme")
        self.write.text(element, "cbc:CompanyID", number)
        self.write.text(element, "cac:TaxScheme/cbc:ID", scheme)

    def _delivery(self, root: Element) -> None:
        """The last day of what was delivered; within the EU to where as well (BR-IC-12)."""
        delivery = self.write.inside(root, "cac:Delivery")
        self.write.text(delivery, "cbc:ActualDeliveryDate", iso(self.document.ends_on))
        if self.document.category == TaxCategory.WITHIN_EU:
            self._address(self.write.inside(delivery, "cac:DeliveryLocation"), "cac:Address", self.document.buyer)

    def _payment(self, root: Element) -> None:
        document, write = self.document, self.write
        means = write.inside(root, "cac:PaymentMeans")
        write.text(means, "cbc:PaymentMeansCode", document.means)
        write.text(means, "cbc:PaymentID", document.number)
        if document.means != OTHER:
            account = write.inside(means, "cac:PayeeFinancialAccount")
            write.text(account, "cbc:ID", document.iban)
            write.text(account, "cbc:Name", document.seller.name)
            write.text(account, "cac:FinancialInstitutionBranch/cbc:ID", document.bic)
        write.text(root, "cac:PaymentTerms/cbc:Note", document.terms)

    def _tax(self, root: Element) -> None:
        document, write = self.document, self.write
        total = write.inside(root, "cac:TaxTotal")
        self._amount(total, "cbc:TaxAmount", document.tax)
        part = write.inside(total, "cac:TaxSubtotal")
        self._amount(part, "cbc:TaxableAmount", document.net)
        self._amount(part, "cbc:TaxAmount", document.tax)
        category = write.inside(part, "cac:TaxCategory")
        write.text(category, "cbc:ID", document.category)
        # XRechnung wants a rate here even of what lies outside of VAT (BR-DE-14); EN 16931 forbids it only in lines.
        write.text(category, "cbc:Percent", plain(document.rate))
        write.text(category, "cbc:TaxExemptionReasonCode", document.exemption_code)
        write.text(category, "cbc:TaxExemptionReason", document.exemption_reason)
        write.text(category, "cac:TaxScheme/cbc:ID", "VAT")
        if document.exchanged:
            own = document.exchanged
            write.text(root, "cac:TaxTotal/cbc:TaxAmount", coins(own.amount, own.digits), currencyID=own.currency)

    def _totals(self, root: Element) -> None:
        document = self.document
        total = self.write.inside(root, "cac:LegalMonetaryTotal")
        self._amount(total, "cbc:LineExtensionAmount", document.net)
        self._amount(total, "cbc:TaxExclusiveAmount", document.net)
        self._amount(total, "cbc:TaxInclusiveAmount", document.total)
        if document.prepaid:
            self._amount(total, "cbc:PrepaidAmount", document.prepaid)
        self._amount(total, "cbc:PayableAmount", document.due)

    def _line(self, root: Element, line: Line) -> None:
        write = self.write
        element = write.inside(root, f"cac:{self.kind}Line")
        write.text(element, "cbc:ID", str(line.number))
        quantity = "CreditedQuantity" if self.document.is_credit_note else "InvoicedQuantity"
        write.text(element, f"cbc:{quantity}", plain(line.quantity), unitCode=line.unit)
        self._amount(element, "cbc:LineExtensionAmount", line.amount)
        item = write.inside(element, "cac:Item")
        write.text(item, "cbc:Description", line.description)
        write.text(item, "cbc:Name", line.name)
        category = write.inside(item, "cac:ClassifiedTaxCategory")
        write.text(category, "cbc:ID", self.document.category)
        if self.document.has_rate:
            write.text(category, "cbc:Percent", plain(self.document.rate))
        write.text(category, "cac:TaxScheme/cbc:ID", "VAT")
        price = write.inside(element, "cac:Price")
        write.text(price, "cbc:PriceAmount", plain(line.price), currencyID=self.document.currency)
        if line.base != 1:
            write.text(price, "cbc:BaseQuantity", str(line.base), unitCode=line.unit)

    def _amount(self, parent: Element, name: str, amount: Decimal) -> None:
        text = coins(amount, self.document.digits)
        self.write.text(parent, name, text, currencyID=self.document.currency)
