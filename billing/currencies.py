"""Currencies by ISO 4217: those that circulate, with the places of their minor unit.

List one of ISO 4217 as of 2026-01-01, without funds, metals and test codes (the Bulgarian lev is
gone since then). A table is all that is needed: a library of locales weighs a hundred times as much.
"""

from __future__ import annotations

_PLACES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP "
    "CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN "
    "MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE "
    "SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR "
    "ZMW ZWG",
}  # fmt: skip
_MINOR_UNITS = {code: places for places, codes in _PLACES.items() for code in codes.split()}


def is_currency(code: str) -> bool:
    return code in _MINOR_UNITS


def minor_units(code: str) -> int:
    """Returns the decimal places of a currency's smallest coin: 2 for USD. Raises KeyError for an unknown currency."""
    return _MINOR_UNITS[code]
