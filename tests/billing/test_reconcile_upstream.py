"""Our cost against the upstream's billing export: in quantity and money, per model, kind and day."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from accounts.models import Tenant
from billing.reconcile.export_file import Sums, export_read
from tests.factories import FLASH, PRO, make_tenant

BIGQUERY = """service.description,sku.description,usage_start_time,project.id,cost,currency,usage.amount,usage.unit
Gemini API,Gemini 3.1 Flash Image Image Output,2033-05-02 09:00:00 UTC,p,0.0672,USD,1120,count
Gemini API,Gemini 3.1 Flash Image Image Output,2033-05-02T06:00:00Z,p,0.0336,USD,560,count
Gemini API,Gemini 3.1 Flash Image Text Input - Predictions,2033-05-02T09:00:00Z,p,0.0000155,USD,0.031,1000 count
Gemini API,Gemini 9 Hologram Output,2033-05-02T09:00:00Z,p,3.5,USD,7,count
"""
CONSOLE = """Invoice number,123
Billing account,"A, Ltd"

Service description,SKU ID,SKU description,Usage start date,Usage end date,Usage amount,Usage unit,Cost ($)
Gemini API,7D83,Gemini 3.1 Flash Image Output,2033-05-02,2033-05-02,"1,120",count,0.0672
Gemini API,47A8,Gemini 3.0 Pro Image Output,2033-05-02,2033-05-02,"2,000",count,0.24
,,,,,,Total,0.3072
"""  # fmt: skip


def used(tenant: Tenant, hour: str, kind: str, quantity: int, cost: str, model: str = FLASH) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_usagerollup (tenant_id, billing_date, hour, livemode, model, api_key_id, image_size,
                   kind, records, quantity, amount, cost)
               VALUES (%s, %s, %s, true, %s, %s, '1K', %s, 1, %s, 0, %s)""",
            [tenant.id, hour[:10], hour, model, UUID(int=0), kind, quantity, cost],
        )


@pytest.fixture(scope="module", autouse=True)
def ours(django_db_setup: None) -> None:
    """May 2nd in Los Angeles begins at seven o'clock in UTC."""
    tenant = make_tenant()
    used(tenant, "2033-05-02T09:00:00Z", "image_output", 1120, "0.0672")
    used(tenant, "2033-05-02T09:00:00Z", "text_input", 31, "0.0000155")
    used(tenant, "2033-05-02T06:00:00Z", "image_output", 560, "0.0336")
    used(tenant, "2033-05-03T06:00:00Z", "request", 1, "0.01")
    used(tenant, "2033-05-03T08:00:00Z", "image_output", 9, "9")
    used(tenant, "2033-05-02T09:00:00Z", "search_query", 4, "0.056")
    used(tenant, "2033-05-02T09:00:00Z", "search_query", 1, "0.014", PRO)


def compare(path: Path, text: str, *arguments: str) -> dict[str, Any]:
    path.write_text(text)
    written = StringIO()
    try:
        call_command("reconcile", "--upstream", str(path), "--json", *arguments, stdout=written)
        code = 0
    except SystemExit as end:
        code = int(str(end.code))
    found: dict[str, Any] = json.loads(written.getvalue())
    assert code == (0 if found["ok"] else 1)
    return found


def test_days_are_the_upstreams_and_what_lacks_on_either_side_is_told(tmp_path: Path) -> None:
    found = compare(tmp_path / "export.csv", BIGQUERY)
    assert [(row["day"], row["kind"], row["differs"]) for row in found["rows"]] == [
        ("2033-05-01", "image_output", False),
        ("2033-05-02", "search_query", True),
        ("2033-05-02", "image_output", False),
        ("2033-05-02", "request", True),  # an answer that was thrown away, which the export lacks
        ("2033-05-02", "text_input", False),
    ]
    assert found["rows"][3]["ours"] == {"quantity": "0", "cost": "0.010000000"}
    assert found["unknown_skus"] == [{"sku": "Gemini 9 Hologram Output", "quantity": "7", "cost": "3.5"}]
    assert not found["ok"]


def test_the_consoles_file_is_read_too(tmp_path: Path) -> None:
    found = compare(tmp_path / "console.csv", CONSOLE)
    rows = {(row["model"], row["kind"]): row for row in found["rows"]}
    assert not rows[FLASH, "image_output"]["differs"]
    assert rows[PRO, "image_output"]["theirs"] == {"quantity": "2000", "cost": "0.24"}
    assert rows[PRO, "image_output"]["ours"] == {"quantity": "0", "cost": "0"}
    assert found["unknown_skus"] == []


REPORT = """\
Date,Service description,Service ID,SKU description,SKU ID,Usage amount,Usage unit,List cost ($),Unrounded subtotal ($),Subtotal ($)
2033-05-02,Gemini API,AEFD-7695-64FA,Generate_content image output token count for Gemini 3.1 Flash Image,x,"1,120",count,0.07,0.067200,0.07
2033-05-02,Gemini API,AEFD-7695-64FA,Generate_content text input token count for Gemini 3.1 Flash Image,x,31,count,0.00,0.0000155,0.00
2033-05-02,Gemini API,AEFD-7695-64FA,Generate content search query gemini 3 free,x,3,count,0.00,0.000000,0.00
2033-05-02,Gemini API,AEFD-7695-64FA,Generate content search query gemini 3 paid one,x,2,count,0.03,0.028000,0.03
2033-05-02,Compute Engine,6F81-5844-456A,N1 Predefined Instance Core,y,12,hour,4.00,4.000000,4.00
2033-05-02,Invoice,i,Tax,z,0,,1.00,1.000000,1.00
,,,,,,,,Subtotal,5.10
"""  # noqa: E501
SQL = """description,description_1,usage_start_time,cost,currency,amount,unit
Gemini API,Gemini 3.1 Flash Image Image Output - Predictions,2033-05-02 09:00:00 UTC,0.0672,USD,1120,count
"""
FOCUS = """\
BilledCost,BillingCurrency,ChargeDescription,ChargePeriodStart,ConsumedQuantity,ConsumedUnit,ServiceName,SkuId
0.0672,USD,Generate_content image output token count for Gemini 3.1 Flash Image,2033-05-02T09:00:00Z,1120,count,Gemini API,a
"""  # noqa: E501


def test_the_report_of_the_gemini_api_is_compared_to_the_last_digit_beside_what_else_the_account_has(
    tmp_path: Path,
) -> None:
    found = compare(tmp_path / "report.csv", REPORT)
    rows = {(row["model"], row["kind"]): row for row in found["rows"]}
    assert not rows[FLASH, "image_output"]["differs"]
    assert not rows[FLASH, "text_input"]["differs"]
    # two models searched; three of five queries were free, and cost us nothing either
    assert rows["*", "search_query"] == {
        "day": "2033-05-02", "model": "*", "kind": "search_query", "differs": False, "free": "3",
        "ours": {"quantity": "5", "cost": "0.070000000"}, "theirs": {"quantity": "5", "cost": "0.028000"},
    }  # fmt: skip
    assert found["unknown_skus"] == []
    assert found["other_services"] == {"rows": 2, "costs": {"Compute Engine": "4.000000", "Invoice": "1.000000"}}
    only = compare(tmp_path / "report.csv", REPORT, "--service", "gemini api")
    assert only["rows"] == found["rows"]
    with pytest.raises(CommandError, match="no row of Maps; it has Compute Engine, Gemini API, Invoice"):
        call_command("reconcile", "--upstream", str(tmp_path / "report.csv"), "--service", "Maps")


@pytest.mark.parametrize("text", [SQL, FOCUS, REPORT.replace("($)", "(€)")])
def test_whatever_the_columns_are_called(tmp_path: Path, text: str) -> None:
    found = compare(tmp_path / "export.csv", text)
    [row] = [row for row in found["rows"] if (row["day"], row["kind"]) == ("2033-05-02", "image_output")]
    assert not row["differs"]
    assert found["currencies"] == (["EUR"] if "€" in text else ["USD"])


@pytest.mark.parametrize(
    ("sku", "model", "kind"),
    [
        ("Generate_content image output token count for Gemini 3 Pro Image", PRO, "image_output"),
        ("Generate_content text input token count for gemini 3 pro short", PRO, "text_input"),
        ("Generate_content text cached input token count for gemini 3 pro short", PRO, "cached_input"),
        (
            "Generate_content image output token count for Gemini 2.5 Flash Native Image Generation",
            "gemini-2.5-flash-image",
            "image_output",
        ),
        (
            "Generate_content image output token count for Gemini 3.1 Flash Lite Image",
            "gemini-3.1-flash-lite-image",
            "image_output",
        ),
        ("Generate content image input token count Gemini 3.1 Flash Image batch", FLASH, "image_input"),
        ("Grounding with Google Search on Gemini 3", "*", "search_query"),
        ("Gemini 3.1 Flash Image Text Output - Predictions", FLASH, "text_output"),
    ],
)
def test_skus_of_both_forms_are_known(tmp_path: Path, sku: str, model: str, kind: str) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"sku description,usage start date,usage amount,cost\n{sku},2033-05-02,7,1\n")
    assert export_read(path).sums == {(date(2033, 5, 2), model, kind): Sums(Decimal(7), Decimal(1))}


def test_a_tolerance_and_a_table_of_ones_own(tmp_path: Path) -> None:
    skus = tmp_path / "skus.csv"
    skus.write_text(f"pattern,model,kind,note\npicture tokens,{FLASH},image_output,ours\n")
    text = "sku description,usage start date,usage amount,cost\nPicture tokens,2033-05-01,{},0.0336\n"
    for quantity, tolerance, ok in (("560", "0", True), ("570", "1", False), ("570", "2", True)):
        found = compare(tmp_path / "export.csv", text.format(quantity), "--skus", str(skus), "--tolerance", tolerance)
        assert found["ok"] is ok, (quantity, tolerance)


def test_lines_for_people(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(BIGQUERY)
    written = StringIO()
    with pytest.raises(SystemExit):
        call_command("reconcile", "--upstream", str(path), stdout=written)
    said = written.getvalue()
    assert f"ok      2033-05-02 {FLASH} image_output: ours 1120 for 0.067200000, theirs 1120 for 0.0672" in said
    assert "UNKNOWN SKU 'Gemini 9 Hologram Output': 7 for 3.5; add it to the table of SKUs" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names the columns"),
        ("a,b\n1,2\n", "names the columns"),
        ("sku description,cost\nx,1\n", "lacks usage_start_time, usage.amount"),
        (BIGQUERY.splitlines()[0] + "\n", "no rows"),
        (CONSOLE.replace('"1,120"', "many"), "Line 5: 'many' is no number"),
        (CONSOLE.replace('"1,120"', "NaN"), "Line 5: 'NaN' is no number"),
        (CONSOLE.replace("2033-05-02,2033-05-02,", "soon,later,", 1), "'soon' is no date"),
    ],
)
def test_what_is_no_export_is_refused_with_a_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "export.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        call_command("reconcile", "--upstream", str(path))
