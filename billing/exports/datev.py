"""The journal as DATEV's Buchungsstapel (EXTF 700, category 21, format version 13), which DATEV's programs import.

Every account is booked against the wallet's, which sums to the wallet's own entries. DATEV has two places: the sum of
an account is rounded once, its lines carry what that makes of each. The file is in the currency that is named, within a
business year.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django.conf import settings

from billing.exports.journal import Posting, account_number
from billing.money import ZERO
from cavendish.http.csv_files import Write

FORMATS = ("plain", "datev")
CENT = Decimal("0.01")
WALLET = "wallet"
TEXTS = {
    "top_up": "Guthaben aufgeladen", "reversal": "Aufladung zurückgenommen", "payout": "Guthaben ausgezahlt",
    "charge": "Nutzung", "adjustment": "Korrektur", "refund": "Erstattung", "credit": "Gutschrift Aktion",
    "expiry": "Aktionsguthaben verfallen", "invoice": "Rechnung", "payment": "Zahlung", "credit_note": "Gutschrift",
}  # fmt: skip
_EXTRA = [f"Zusatzinformation - {what} {number}" for number in range(1, 21) for what in ("Art", "Inhalt")]
_INFO = [f"Beleginfo - {what} {number}" for number in range(1, 9) for what in ("Art", "Inhalt")]
COLUMNS = [
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz",
    "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto",
    "Buchungstext", "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre",
    "Beleglink", *_INFO, "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung", *_EXTRA, "Stück", "Gewicht",
    "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer",
    "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "KOST-Datum",
    "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer",
    "Zeichnernummer", "Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung",
    "Festschreibung", "Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz",
    "Land", "Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
]  # fmt: skip


def datev_export(
    write: Write, postings: Iterable[Posting], *, first: date, last: date, currency: str, made: datetime
) -> None:
    """Writes postings of days from `first` to `last`, both included; of another currency none. As Windows encodes."""
    head: list[int | str | None] = [
        "EXTF", 700, 21, "Buchungsstapel", 13, int(made.strftime("%Y%m%d%H%M%S") + f"{made.microsecond // 1000:03d}"),
        None, "CV", "Cavendish", "", settings.DATEV_CONSULTANT, settings.DATEV_CLIENT, int(f"{first.year}0101"),
        settings.DATEV_ACCOUNT_DIGITS, int(f"{first:%Y%m%d}"), int(f"{last:%Y%m%d}"),
        f"Cavendish {first:%m/%Y}", "", 1, 0, 0, currency, None, "", None, None, "", None, None, "", "",
    ]  # fmt: skip
    write(_line(head))
    write(";".join(COLUMNS).encode("cp1252") + b"\r\n")
    exact: dict[str, Decimal] = {}
    for row in postings:
        if row.account == WALLET or row.currency != currency:
            continue
        before = exact.get(row.account, ZERO)
        exact[row.account] = before + row.amount
        amount = _cents(exact[row.account]) - _cents(before)
        if amount:
            write(_line(_booking(row, amount)))


def _booking(row: Posting, amount: Decimal) -> list[int | str | Decimal | None]:
    values: list[int | str | Decimal | None] = [None] * len(COLUMNS)
    values[0] = abs(amount)
    values[1] = "H" if amount > 0 else "S"
    values[2] = row.currency
    values[6] = int(account_number(row.account))
    values[7] = int(account_number(WALLET))
    values[9] = f"{row.day:%d%m}"
    values[10] = _field(row.document or row.reference or f"{row.day:%Y%m%d}", 36)
    values[13] = f"{TEXTS.get(row.kind, row.kind)} {row.tenant}"[:60]
    return values


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _field(text: str, most: int) -> str:
    """Returns a reference with the characters that DATEV takes in one."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "$&%*+-/") else "-" for char in text)[:most]


def _line(values: Iterable[int | str | Decimal | None]) -> bytes:
    parts = []
    for place, value in enumerate(values):
        if value is None:
            parts.append("")
        elif isinstance(value, Decimal):
            parts.append(f"{value:f}".replace(".", ","))
        elif isinstance(value, int) or (place == 9 and value.isdecimal()):
            parts.append(str(value))
        else:
            text = value.replace('"', "'")
            parts.append(f'"{text}"')
    return ";".join(parts).encode("cp1252", errors="replace") + b"\r\n"
