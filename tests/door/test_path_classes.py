"""The table of path classes names every address, and says of each what it should take."""

from __future__ import annotations

import pytest
from django.urls import Resolver404, get_resolver

from accounts.authentication.admission import KeyAdmission, admission_of
from accounts.authentication.drf import ApiKeyAuthentication, GoogleKeyAuthentication
from accounts.authentication.operators import IsOperator, OperatorKeyAuthentication
from accounts.authentication.permissions import HasScope
from accounts.authentication.tenant_or_operator import TenantOrOperatorAuthentication
from cavendish.http.path_classes import CLASSES, UNNAMED, Body, path_class
from tests.door.patterns import patterns, view_of

ALL = dict(patterns())


def test_every_address_is_tried() -> None:
    assert len(ALL) > 200
    missed = []
    for path, entry in ALL.items():
        try:
            found = get_resolver().resolve(path).func
        except Resolver404:
            missed.append(path)
            continue
        # Some of allauth's stand behind one of ours of the same address; the admin ends with a pattern for all.
        if found != entry.callback and not path.startswith(("/account/", "/admin/")):
            missed.append(path)
    assert missed == []


def test_every_address_has_a_class() -> None:
    """A new one is named in cavendish/http/path_classes.py, by how large its bodies are."""
    assert sorted(path for path in ALL if path_class(path) is UNNAMED) == []


def test_no_two_classes_that_differ_in_their_bodies_share_an_address() -> None:
    """But for what stands first on purpose: the work of a noun before its management, uploads before pages."""
    on_purpose = (["work", "management"], ["uploads", "management"], ["console uploads", "pages"])
    for path in ALL:
        names = [known.name for known in CLASSES if known.pattern.fullmatch(path)]
        assert len(names) == 1 or names in on_purpose, (path, names)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/healthz", Body.NONE),
        ("/livez", Body.NONE),
        ("/metrics", Body.NONE),
        ("/api/v1/openapi.json", Body.NONE),
        ("/openapi-operator.json", Body.NONE),
        ("/static/ui/ui.css", Body.NONE),
        ("/account/login/", Body.SMALL),
        ("/admin/tenants/acme/limits/", Body.SMALL),
        ("/g/gen_1", Body.SMALL),
        ("/api/v1/generations", Body.REQUEST),
        ("/api/v1/generations/gen_1/cancel", Body.SMALL),
        ("/api/v1/batches", Body.REQUEST),
        ("/api/v1/quotes", Body.REQUEST),
        ("/api/v1/files", Body.FILE),
        ("/api/v1/files/file_1", Body.SMALL),
        ("/api/v1/keys", Body.SMALL),
        ("/api/v1/tenants/t/top-ups", Body.SMALL),
        ("/upload/v1beta/files", Body.FILE),
        ("/upload/v1beta/elsewhere", Body.SMALL),
        ("/v1/interactions", Body.REQUEST),
        ("/v1/interactions/int_1/cancel", Body.SMALL),
        ("/v1beta/models/gemini-3-pro-image:generateContent", Body.REQUEST),
        ("/v1beta/models/gemini-3-pro-image:batchGenerateContent", Body.REQUEST),
        ("/v1beta/models/imagen-4.0-generate-001:predict", Body.REQUEST),
        ("/v1beta1/publishers/google/models/imagen-4.0-generate-001:predict", Body.REQUEST),
        ("/v1beta/files", Body.SMALL),
        ("/openai/v1/images/edits", Body.REQUEST),
        ("/openai/v1/models", Body.SMALL),
        ("/v1beta/openai/chat/completions", Body.REQUEST),
        ("/v1beta/webhooks/1:ping", Body.SMALL),
        ("/api/v1/webhook-endpoints/1/test", Body.SMALL),
        ("/nowhere", Body.SMALL),
        ("/static", Body.SMALL),
        ("/healthz/x", Body.SMALL),
    ],
)
def test_what_an_address_takes(path: str, body: Body) -> None:
    assert path_class(path).body is body


def test_probes_do_not_wait_and_pages_say_their_length() -> None:
    assert [known.name for known in CLASSES if not known.gated] == ["probes"]
    assert {known.name for known in CLASSES if known.chunked} == {"uploads", "work", "management"}


def test_every_view_that_wants_a_key_is_judged_before_its_body() -> None:
    """A new way to authenticate comes with an `admission` of its views (cavendish/http/admission.py)."""
    known = {ApiKeyAuthentication, GoogleKeyAuthentication, OperatorKeyAuthentication, TenantOrOperatorAuthentication}
    judged = 0
    for path, entry in ALL.items():
        view, options = view_of(entry)
        classes = options.get("authentication_classes", getattr(view, "authentication_classes", ()))
        permissions = options.get("permission_classes", getattr(view, "permission_classes", ()))
        if not classes:
            continue
        assert len(classes) == 1, path
        assert classes[0] in known or hasattr(view, "admission"), path
        admission = admission_of(view, options)
        assert isinstance(admission, KeyAdmission), path
        assert admission._required == any(issubclass(one, (HasScope, IsOperator)) for one in permissions), path
        judged += 1
    assert judged > 150
