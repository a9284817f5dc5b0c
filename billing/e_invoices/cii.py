"""An e-invoice as Cross Industry Invoice in the profile EN 16931 of Factur-X 1.0, the same as ZUGFeRD 2."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from billing.e_invoices.document import OTHER, EInvoice, Party
from billing.e_invoices.elements import Writer, coins, compact, document_bytes, plain
from billing.e_invoices.lines import Line
from billing.models import TaxCategory

GUIDELINE = "urn:cen.eu:en16931:2017"
_CII = "urn:un:unece:uncefact:data:standard"
_WRITER = Writer(
    {
        "rsm": f"{_CII}:CrossIndustryInvoice:100",
        "ram": f"{_CII}:ReusableAggregateBusinessInformationEntity:100",
        "udt": f"{_CII}:UnqualifiedDataType:100",
        "qdt": f"{_CII}:QualifiedDataType:100",
    }
)
_text, _inside = _WRITER.text, _WRITER.inside


def cii(document: EInvoice) -> bytes:
    """Returns the XML. `document` lacks nothing of EN 16931 (`shortcomings`)."""
    root = _WRITER.root("rsm:CrossIndustryInvoice")
    guideline = "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
    _text(root, guideline, GUIDELINE)
    head = _inside(root, "rsm:ExchangedDocument")
    _text(head, "ram:ID", document.number)
    _text(head, "ram:TypeCode", document.type_code)
    _day(head, "ram:IssueDateTime", document.issued_on)
    for note in document.notes:
        _text(head, "ram:IncludedNote/ram:Content", note)
    trade = _inside(root, "rsm:SupplyChainTradeTransaction")
    for line in document.lines:
        _line(trade, line, document)
    _agreement(trade, document)
    _delivery(trade, document)
    _settlement(trade, document)
    return document_bytes(root)


def _day(parent: Element, path: str, day: date, *, prefix: str = "udt") -> None:
    _text(parent, f"{path}/{prefix}:DateTimeString", compact(day), format="102")


def _line(trade: Element, line: Line, document: EInvoice) -> None:
    element = _inside(trade, "ram:IncludedSupplyChainTradeLineItem")
    _text(element, "ram:AssociatedDocumentLineDocument/ram:LineID", str(line.number))
    product = _inside(element, "ram:SpecifiedTradeProduct")
    _text(product, "ram:Name", line.name)
    _text(product, "ram:Description", line.description)
    price = _inside(element, "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice")
    _text(price, "ram:ChargeAmount", plain(line.price))
    if line.base != 1:
        _text(price, "ram:BasisQuantity", str(line.base), unitCode=line.unit)
    quantity = "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
    _text(element, quantity, plain(line.quantity), unitCode=line.unit)
    settlement = _inside(element, "ram:SpecifiedLineTradeSettlement")
    tax = _inside(settlement, "ram:ApplicableTradeTax")
    _text(tax, "ram:TypeCode", "VAT")
    _text(tax, "ram:CategoryCode", document.category)
    if document.has_rate:
        _text(tax, "ram:RateApplicablePercent", plain(document.rate))
    total = "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
    _text(settlement, total, coins(line.amount, document.digits))


def _agreement(trade: Element, document: EInvoice) -> None:
    agreement = _inside(trade, "ram:ApplicableHeaderTradeAgreement")
    _text(agreement, "ram:BuyerReference", document.buyer_reference)
    _party(agreement, "ram:SellerTradeParty", document.seller, document, is_seller=True)
    _party(agreement, "ram:BuyerTradeParty", document.buyer, document, is_seller=False)
    _text(agreement, "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID", document.order_reference)


def _party(parent: Element, name: str, party: Party, document: EInvoice, *, is_seller: bool) -> None:
    outside = document.category == TaxCategory.OUTSIDE
    element = _inside(parent, name)
    if outside or not party.vat_id:
        _text(element, "ram:ID", party.tax_id)
    _text(element, "ram:Name", party.name)
    if is_seller:
        contact = _inside(element, "ram:DefinedTradeContact")
        _text(contact, "ram:PersonName", party.contact_name or party.name)
        _text(contact, "ram:TelephoneUniversalCommunication/ram:CompleteNumber", party.phone)
        _text(contact, "ram:EmailURIUniversalCommunication/ram:URIID", party.email)
    _address(element, party)
    if party.endpoint:
        _text(element, "ram:URIUniversalCommunication/ram:URIID", party.endpoint[0], schemeID=party.endpoint[1])
    if party.vat_id and not outside:
        _text(element, "ram:SpecifiedTaxRegistration/ram:ID", party.vat_id, schemeID="VA")
    elif is_seller and party.tax_number:
        _text(element, "ram:SpecifiedTaxRegistration/ram:ID", party.tax_number, schemeID="FC")


def _address(parent: Element, party: Party) -> None:
    parts = party.postal_address
    address = _inside(parent, "ram:PostalTradeAddress")
    _text(address, "ram:PostcodeCode", parts.get("postal_code", ""))
    _text(address, "ram:LineOne", parts.get("line1", ""))
    _text(address, "ram:LineTwo", parts.get("line2", ""))
    _text(address, "ram:CityName", parts.get("city", ""))
    _text(address, "ram:CountryID", party.country)
    _text(address, "ram:CountrySubDivisionName", parts.get("region", ""))


def _delivery(trade: Element, document: EInvoice) -> None:
    delivery = _inside(trade, "ram:ApplicableHeaderTradeDelivery")
    if document.category == TaxCategory.WITHIN_EU:
        _address(_inside(delivery, "ram:ShipToTradeParty"), document.buyer)
    _day(delivery, "ram:ActualDeliverySupplyChainEvent/ram:OccurrenceDateTime", document.ends_on)


def _settlement(trade: Element, document: EInvoice) -> None:
    settlement = _inside(trade, "ram:ApplicableHeaderTradeSettlement")
    _text(settlement, "ram:PaymentReference", document.number)
    if document.exchanged:
        _text(settlement, "ram:TaxCurrencyCode", document.exchanged.currency)
    _text(settlement, "ram:InvoiceCurrencyCode", document.currency)
    means = _inside(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    _text(means, "ram:TypeCode", document.means)
    if document.means != OTHER:
        account = _inside(means, "ram:PayeePartyCreditorFinancialAccount")
        _text(account, "ram:IBANID", document.iban)
        _text(account, "ram:AccountName", document.seller.name)
        _text(means, "ram:PayeeSpecifiedCreditorFinancialInstitution/ram:BICID", document.bic)
    _tax(settlement, document)
    period = _inside(settlement, "ram:BillingSpecifiedPeriod")
    _day(period, "ram:StartDateTime", document.starts_on)
    _day(period, "ram:EndDateTime", document.ends_on)
    if document.terms or document.due_on:
        terms = _inside(settlement, "ram:SpecifiedTradePaymentTerms")
        _text(terms, "ram:Description", document.terms)
        if document.due_on:
            _day(terms, "ram:DueDateDateTime", document.due_on)
    _totals(settlement, document)
    if document.preceding:
        number, day = document.preceding
        reference = _inside(settlement, "ram:InvoiceReferencedDocument")
        _text(reference, "ram:IssuerAssignedID", number)
        _day(reference, "ram:FormattedIssueDateTime", day, prefix="qdt")


def _tax(settlement: Element, document: EInvoice) -> None:
    tax = _inside(settlement, "ram:ApplicableTradeTax")
    _text(tax, "ram:CalculatedAmount", coins(document.tax, document.digits))
    _text(tax, "ram:TypeCode", "VAT")
    _text(tax, "ram:ExemptionReason", document.exemption_reason)
    _text(tax, "ram:BasisAmount", coins(document.net, document.digits))
    _text(tax, "ram:CategoryCode", document.category)
    _text(tax, "ram:ExemptionReasonCode", document.exemption_code)
    if document.has_rate:
        _text(tax, "ram:RateApplicablePercent", plain(document.rate))


def _totals(settlement: Element, document: EInvoice) -> None:
    def money(amount: Decimal) -> str:
        return coins(amount, document.digits)

    total = _inside(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _text(total, "ram:LineTotalAmount", money(document.net))
    _text(total, "ram:TaxBasisTotalAmount", money(document.net))
    _text(total, "ram:TaxTotalAmount", money(document.tax), currencyID=document.currency)
    if document.exchanged:
        own = document.exchanged
        _text(total, "ram:TaxTotalAmount", coins(own.amount, own.digits), currencyID=own.currency)
    _text(total, "ram:GrandTotalAmount", money(document.total))
    if document.prepaid:
        _text(total, "ram:TotalPrepaidAmount", money(document.prepaid))
    _text(total, "ram:DuePayableAmount", money(document.due))
