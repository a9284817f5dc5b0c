"""Who issues and to whom invoices go: written over the API by whom it concerns, wrong values refused."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from cavendish.db import ids
from tests.billing.invoices.callers import Caller, audited, key_of
from tests.factories import make_operator_key, make_tenant
from tests.generations.helpers import one

Json = dict[str, Any]


@pytest.fixture(scope="module")
def operator(django_db_setup: None) -> Caller:
    return Caller(make_operator_key())


def test_tenants_write_their_address_and_operators_the_rest(operator: Caller) -> None:
    tenant = make_tenant()
    caller = key_of(tenant)
    empty = caller.get("billing-profile")
    assert (empty["emails"], empty["payment_terms_days"], empty["tax_rate"]) == ([], 14, None)
    changed = caller.json(
        "patch",
        "billing-profile",
        {"name": "北京幻想科技有限公司", "address": " Weg 1 \r\n10115 Berlin ", "emails": ["x@example.com"]},
    )
    assert (changed["address"], changed["name"]) == ("Weg 1\n10115 Berlin", "北京幻想科技有限公司")
    for wrong, code in (
        ({"tax_rate": "0"}, "unknown_field"), ({"emails": ["x"]}, "unknown_value"), ({"name": None}, "wrong_type"),
        ({"name": "x" * 201}, "too_long"), ({"address": "a\u0007"}, "unknown_value"), ({"emails": "x"}, "wrong_type"),
    ):  # fmt: skip
        problem = caller.refused("patch", "billing-profile", wrong, 422, "invalid_request")
        assert problem["errors"][0]["code"] == code
    path = f"tenants/{ids.encode(ids.TENANT, tenant.id)}/billing-profile"
    entity = operator.json("post", "legal-entities", {"name": "X GmbH", "address": "Weg 2"}, status=201)
    changed = operator.json("patch", path, {"tax_rate": "19", "tax_label": "VAT", "legal_entity_id": entity["id"]})
    assert (changed["tax_rate"], changed["legal_entity_id"], changed["name"]) == (
        "19.00",
        entity["id"],
        "北京幻想科技有限公司",
    )
    refused: list[Json] = [{"tax_rate": "100.1"}, {"tax_rate": "-1"}, {"payment_terms_days": 366}]
    for body in (*refused, {"legal_entity_id": f"le_{'0' * 32}"}):
        operator.refused("patch", path, body, 422, "invalid_request")
    assert caller.get("billing-profile") == changed
    assert audited(tenant) == [("key", "billing_profile.updated"), ("operator_key", "billing_profile.updated")]


def test_companies_that_issue(operator: Caller) -> None:
    image = io.BytesIO()
    Image.new("RGB", (60, 20)).save(image, "PNG")
    body = {
        "name": "Y GmbH", "address": "Weg 3", "invoice_prefix": "Y-{year}/", "number_digits": 4, "currency": "EUR",
        "logo": base64.b64encode(image.getvalue()).decode(),
    }  # fmt: skip
    made = operator.json("post", "legal-entities", body, status=201)
    assert (made["has_logo"], made["invoices_issued"], made["currency"]) == (True, 0, "EUR")
    changed = operator.json("patch", f"legal-entities/{made['id']}", {"is_default": True, "logo": None})
    assert (changed["is_default"], changed["has_logo"]) == (True, False)
    assert one("owner", "SELECT count(*) FROM billing_legalentity WHERE is_default") == 1
    for wrong in (
        {"currency": "XXX"}, {"invoice_prefix": "{evil}"}, {"number_digits": 0}, {"logo": "x"}, {"email": "x"},
        {"logo": base64.b64encode(b"no picture").decode()}, {"invoices_issued": 7}, {"name": ""},
    ):  # fmt: skip
        operator.refused("patch", f"legal-entities/{made['id']}", wrong, 422, "invalid_request")
    operator.refused("get", f"legal-entities/le_{'0' * 32}", None, 404, "not_found")


PARTS = {"line1": "Weg 1", "line2": "", "postal_code": "10115", "city": "Berlin", "region": "", "country": "DE"}


def test_addresses_in_parts_and_what_leads_an_e_invoice_on(operator: Caller) -> None:
    tenant = make_tenant()
    caller, path = key_of(tenant), f"tenants/{ids.encode(ids.TENANT, tenant.id)}/billing-profile"
    body = {"postal_address": {"line1": "Weg 1", "postal_code": "10115", "city": "Berlin", "country": "DE"}}
    changed = caller.json("patch", "billing-profile", {**body, "buyer_reference": "04011000-12345-34"})
    assert (changed["postal_address"], changed["buyer_reference"]) == (PARTS, "04011000-12345-34")
    for wrong, pointer, code in (
        ({**PARTS, "country": "de"}, "/postal_address/country", "unknown_value"),
        ({**PARTS, "country": "UK"}, "/postal_address/country", "unknown_value"),
        ({**PARTS, "country": "DEU"}, "/postal_address/country", "unknown_value"),
        ({"line1": "Weg 1", "country": "DE"}, "/postal_address/city", "required"),
        ({**PARTS, "zip": "1"}, "/postal_address/zip", "unknown_field"),
        ("Weg 1", "/postal_address", "wrong_type"),
    ):  # fmt: skip
        problem = caller.refused("patch", "billing-profile", {"postal_address": wrong}, 422, "invalid_request")
        assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)], wrong
    caller.refused("patch", "billing-profile", {"tax_category": "S"}, 422, "invalid_request")

    for wrong_tax, pointer in (
        ({"tax_category": "S"}, "/tax_category"), ({"tax_category": "AE", "tax_rate": "19"}, "/tax_category"),
        ({"tax_category": "VAT"}, "/tax_category"), ({"tax_exemption_code": "132"}, "/tax_exemption_code"),
    ):  # fmt: skip
        problem = operator.refused("patch", path, wrong_tax, 422, "invalid_request")
        assert [error["pointer"] for error in problem["errors"]] == [pointer]
    set_ = operator.json("patch", path, {"tax_category": "E", "tax_rate": "0", "tax_exemption_code": "VATEX-EU-132"})
    assert (set_["tax_category"], set_["tax_exemption_code"]) == ("E", "VATEX-EU-132")
    problem = operator.refused("patch", path, {"tax_rate": "19"}, 422, "invalid_request")
    assert [error["pointer"] for error in problem["errors"]] == ["/tax_rate"]
    assert operator.json("patch", path, {"tax_category": "S", "tax_rate": "19"})["tax_rate"] == "19.00"
    assert caller.json("patch", "billing-profile", {"postal_address": None})["postal_address"] is None


def test_bank_accounts_are_checked(operator: Caller) -> None:
    body = {"name": "Z GmbH", "address": "Weg 3", "postal_address": PARTS, "iban": "DE89 3704 0044 0532 0130 00",
            "bic": "cobadeffxxx", "phone": "+49 30 1", "contact_name": "Ada", "tax_currency": "EUR"}  # fmt: skip
    made = operator.json("post", "legal-entities", body, status=201)
    assert (made["iban"], made["bic"], made["postal_address"]) == ("DE89370400440532013000", "COBADEFFXXX", PARTS)
    assert (made["receipts"], made["receipt_prefix"], made["receipts_issued"]) == (True, "RC-", 0)
    for iban in ("GB82WEST12345698765432", "NO9386011117947", "MT84MALT011000012345MTLCAST001S", ""):
        assert operator.json("patch", f"legal-entities/{made['id']}", {"iban": iban})["iban"] == iban
    for wrong in (
        {"iban": "DE88370400440532013000"}, {"iban": "ZZ89370400440532013000"}, {"iban": "DE8937040044"},
        {"iban": "DE89370400440532013O00"}, {"bic": "COBADEF"}, {"bic": "COBAZZFF"}, {"tax_currency": "XXX"},
        {"postal_address": {**PARTS, "country": ""}}, {"receipts": "yes"},
    ):  # fmt: skip
        operator.refused("patch", f"legal-entities/{made['id']}", wrong, 422, "invalid_request")
    assert operator.json("patch", f"legal-entities/{made['id']}", {"receipts": False})["receipts"] is False
