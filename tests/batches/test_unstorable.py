"""An item that holds what cannot be stored fails by itself, at once, and names the place where that is known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cavendish.http.problems import FieldError, Problem
from generations.batches.feeder import error_of
from tests.batches.helpers import counts, feed, items
from tests.factories import FLASH, make_batch, make_tenant

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.mark.parametrize(
    "request_",
    [
        {"model": "\0", "input": "x"},
        {"model": FLASH, "input": "a\0b"},
        {"model": FLASH, "input": "x", "a\0b": 1},
        {"model": FLASH, "input": "x", "metadata": {"a": "\0"}},
        {"model": FLASH, "input": "x", "metadata": {"a\0": "b"}},
        {"model": FLASH, "input": [{"type": "image", "file_id": "file_\0"}]},
        {"model": FLASH, "input": "x", "previous_generation_id": "gen_\0"},
        {"model": FLASH, "input": "\ud800"},
        {"model": FLASH, "input": "x", "\udfff": 1},
        {"model": "\ud800", "input": "x"},
    ],
)
def test_it_fails_alone_and_the_tenants_other_batches_go_on(request_: Any) -> None:
    tenant = make_tenant()
    poisoned = make_batch(tenant, request_, "a cat")
    other = make_batch(tenant, "a dog")
    feed()
    feed()
    assert counts(poisoned) == {"failed": 1, "in_progress": 1}
    assert counts(other) == {"in_progress": 1}
    error = items(poisoned)[0]["error"]
    assert error["status"] in {400, 422}
    assert error["message"]
    assert "\0" not in json.dumps(error, ensure_ascii=False)


def test_an_error_quotes_what_can_be_stored() -> None:
    problem = Problem(422, "x", "a\0\ud800b", errors=[FieldError("/\0", "y", "\udc00")], extra={"z": ["\0"]})
    error = error_of(problem)
    assert (error["message"], error["z"], error["errors"][0]["pointer"]) == ("a��b", ["�"], "/�")
    json.dumps(error, ensure_ascii=False).encode()
