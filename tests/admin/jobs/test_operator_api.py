"""Jobs over the operator's API: the same reads and acts as on the page, by role."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from accounts.models import OperatorRole
from cavendish.db import ids
from tests.billing.operators import Operator
from tests.factories import make_operator_key, make_tenant, submit_generation
from tests.generations.helpers import claim, finish, generation, register, rows, succeeded

pytestmark = pytest.mark.usefixtures("quiet")


def path_of(id: UUID) -> str:
    [row] = rows("owner", "SELECT tenant_id FROM generations_generation WHERE id = %s", id)
    return f"tenants/{ids.encode(ids.TENANT, row['tenant_id'])}/generations/{ids.encode(ids.GENERATION, id)}"


def test_an_operator_reads_a_job_without_its_content() -> None:
    id = submit_generation(make_tenant(), "a secret cat")
    shown = Operator().get(path_of(id))
    assert (shown["id"], shown["object"], shown["status"]) == (ids.encode(ids.GENERATION, id), "job", "queued")
    assert [step["kind"] for step in shown["steps"]] == ["accepted", "held"]
    assert shown["belongs_to"]["tenant_id"].startswith("ten_")
    assert "secret cat" not in json.dumps(shown)
    other = path_of(submit_generation(make_tenant())).rpartition("/")[0]
    Operator().get(f"{other}/{shown['id']}", status=404)
    Operator().get(f"{other}/gen_{'0' * 32}", status=404)
    Operator().get(f"{path_of(id)}?nothing=1", status=422)


def test_what_an_operator_may_do_is_its_roles_matter() -> None:
    id = submit_generation(make_tenant())
    for role in (OperatorRole.READ_ONLY, OperatorRole.FINANCE):
        operator = Operator(make_operator_key(role=role))
        operator.get(path_of(id))
        for act in ("content", "cancel", "run-again"):
            refused = operator.post(f"{path_of(id)}/{act}", {"reason": "x"}, status=403)
            assert refused["code"] == "operator_permission_denied"
    support = Operator(make_operator_key(role=OperatorRole.SUPPORT))
    assert support.post(f"{path_of(id)}/content", {"reason": "x"}, status=200)["prompt"]
    assert generation(id)["status"] == "queued"


def test_cancel_wants_a_reason_and_ends_a_job_once() -> None:
    id = submit_generation(make_tenant())
    operator = Operator()
    for body in ({}, {"reason": ""}, {"reason": "x" * 501}, {"reason": "x", "more": 1}):
        operator.post(f"{path_of(id)}/cancel", body, status=422)
    assert operator.post(f"{path_of(id)}/cancel", {"reason": "Runaway"}, status=200)["status"] == "canceled"
    assert operator.post(f"{path_of(id)}/cancel", {"reason": "Again"}, status=200)["status"] == "canceled"
    [audited] = rows("owner", "SELECT after FROM accounts_auditevent WHERE target_id = %s", id.hex)
    assert audited["after"] == {"reason": "Runaway"}
    done = submit_generation(make_tenant())
    [job] = claim(register(), 1)
    assert finish(job, succeeded(job)) == "ended"
    assert operator.post(f"{path_of(done)}/cancel", {"reason": "x"}, status=409)["code"] == "not_cancelable"


def test_a_repeated_request_does_nothing_twice() -> None:
    id = submit_generation(make_tenant())
    client = Operator().client
    answers = [
        client.post(
            f"/api/v1/{path_of(id)}/cancel", {"reason": "x"}, format="json", headers={"Idempotency-Key": "once"}
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(rows("owner", "SELECT FROM accounts_auditevent WHERE target_id = %s", id.hex)) == 1


def test_only_failed_jobs_with_content_and_a_key_run_again() -> None:
    operator = Operator()
    tenant = make_tenant()
    queued = submit_generation(tenant)
    assert operator.post(f"{path_of(queued)}/run-again", {"reason": "x"}, status=409)["code"] == "not_run_again"
    rows("owner", "UPDATE generations_generation SET status = 'failed', deleted_at = now() WHERE id = %s", queued)
    assert operator.post(f"{path_of(queued)}/run-again", {"reason": "x"}, status=410)["code"] == "content_erased"
    assert operator.post(f"{path_of(queued)}/content", {"reason": "x"}, status=410)["code"] == "content_erased"
    rows("owner", "UPDATE generations_generation SET deleted_at = NULL WHERE id = %s", queued)
    rows("owner", "UPDATE accounts_apikey SET revoked_at = now() WHERE tenant_id = %s", tenant.id)
    refused = operator.post(f"{path_of(queued)}/run-again", {"reason": "x"}, status=409)
    assert (refused["code"], "revoked" in refused["detail"]) == ("not_run_again", True)
    rows("owner", "UPDATE accounts_apikey SET revoked_at = NULL WHERE tenant_id = %s", tenant.id)
    new = operator.post(f"{path_of(queued)}/run-again", {"reason": "x"})
    assert new["status"] == "queued"
    assert new["belongs_to"]["run_again_of"] == ids.encode(ids.GENERATION, queued)
    assert operator.post(f"{path_of(queued)}/run-again", {"reason": "x"})["id"] == new["id"]
