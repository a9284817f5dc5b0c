"""Our signatures before the verifier of Standard Webhooks in JavaScript; the other tests have the one in Python."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from accounts.actor import SYSTEM
from accounts.models import Tenant, WebhookEndpoint
from accounts.webhooks.sending import Sender
from accounts.webhooks.services import webhook_endpoint_rotate
from accounts.webhooks.signing import secret_new
from tests.compat.node import installed
from tests.webhooks.conftest import happen
from tests.webhooks.receiver import Receiver

PACKAGE = Path(__file__).parent / "js"


@pytest.fixture(scope="module")
def node_modules() -> Path:
    return installed(PACKAGE)


def test_both_secrets_of_a_rotation_are_accepted_and_no_other(
    tenant: Tenant,
    receiver: Receiver,
    endpoint: Callable[..., tuple[WebhookEndpoint, str]],
    sender: Sender,
    node_modules: Path,
    tmp_path: Path,
) -> None:
    row, old = endpoint()
    _, new = webhook_endpoint_rotate(tenant_id=tenant.id, endpoint_id=row.id, actor=SYSTEM)
    happen(tenant, number="猫 🐈 “1”", note="\u2028")
    (arrived,) = receiver.wait()
    expected = Webhook(new).verify(arrived.body, arrived.headers)
    assert expected["data"]["number"] == "猫 🐈 “1”"
    (tmp_path / "node_modules").symlink_to(node_modules)
    (tmp_path / "verify.mjs").write_text((PACKAGE / "verify.mjs").read_text())
    request = {"secrets": [old, new, secret_new()], "headers": arrived.headers, "body": arrived.body.decode()}
    done = subprocess.run(
        ["node", "verify.mjs"], cwd=tmp_path, input=json.dumps(request), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [expected, expected, "WebhookVerificationError"]
