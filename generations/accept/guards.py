"""A request before the guard rules of its tenant: refused here, or submitted as one that they let through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from accounts.idempotency import current_keyed_request
from billing.money import ZERO
from billing.prices.quotes import Quote
from cavendish.db import ids
from cavendish.db.tenancy import tenant_context
from cavendish.http.problems import unavailable
from generations.accept.inputs import Inputs
from generations.accept.job_spec import JobSpec, job_spec_build
from generations.accept.made import Made
from generations.accept.submission import JobOwner, JobTerms, generation_quote, generation_submit
from generations.errors import GuardRefused, GuardRulesChanged
from generations.guard.hooks import hook_message, hooks_ask
from generations.guard.refusals import refusal_note, refusal_text
from generations.guard.rules import Judged, Rule, Rules, rules_known, rules_read
from generations.guard.texts import spec_texts
from generations.models import GuardRuleType, GuardStage
from generations.request import GenerationRequest, request_canonical

TRIES = 3
RETRY_SECONDS = 2


class HooksNeeded(Exception):
    """The request has to be told to a hook, and who submits it does not wait for that."""


@dataclass(frozen=True)
class _Request:
    """A request with what rules want to know of it."""

    parsed: GenerationRequest
    inputs: Inputs
    spec: JobSpec
    owner: JobOwner
    quote: Quote | None

    @property
    def texts(self) -> list[str]:
        """All that is written in it, as the upstream would get it."""
        return spec_texts(self.spec.body)


def guarded_submit(
    parsed: GenerationRequest, inputs: Inputs, *, owner: JobOwner, terms: JobTerms, may_ask: bool
) -> list[Made]:
    """Returns what `generation_submit` does, once no rule in force refuses the request. Its rules are judged before the
    hold, and hooks are asked outside of any transaction.

    Raises GuardRefused, TooManyHooks, HooksNeeded unless `may_ask`, Problem 503 where the rules change all the time,
    and what `generation_submit` raises.
    """
    rules = rules_known(owner.tenant_id)
    keyed = current_keyed_request()
    for _ in range(TRIES):
        after_hooks = _judge(parsed, inputs, owner, terms, rules, may_ask) if rules.rules else []
        noted = (list(keyed.created_ids), keyed.is_done) if keyed is not None else ([], False)
        try:
            return generation_submit(
                parsed, inputs, owner=owner, terms=terms, guard_state=rules.state, after_hooks=after_hooks
            )
        except GuardRulesChanged:
            if keyed is not None:
                # What was noted was rolled back with the rest.
                keyed.created_ids, keyed.is_done = noted
            rules = rules_read(owner.tenant_id)
    raise unavailable("The guard rules are being changed; try again.", retry_after=RETRY_SECONDS)


def _judge(
    parsed: GenerationRequest, inputs: Inputs, owner: JobOwner, terms: JobTerms, rules: Rules, may_ask: bool
) -> list[str]:
    """Returns the rules to be asked about the answer. Raises GuardRefused, TooManyHooks, HooksNeeded."""
    own = [rule for rule in rules.rules if rule.holds_for(api_key_id=owner.api_key_id, livemode=owner.livemode)]
    if not own:
        return []
    hooks = [rule for rule in own if rule.is_hook(GuardStage.BEFORE)]
    spec = job_spec_build(parsed, inputs)
    wants_quote = bool(hooks) or any(rule.row.max_amount is not None for rule in own)
    request = _Request(parsed, inputs, spec, owner, _quote(spec, parsed, owner, terms) if wants_quote else None)
    judged = Judged(
        texts=request.texts,
        image_size=spec.resolution.image_size if spec.resolution else "",
        amount=request.quote.worst_case.amount if request.quote else ZERO,
        currency=request.quote.currency if request.quote else "",
    )
    for rule in own:
        if reason := rule.refusal(judged):
            _refuse(rule, reason)
    if hooks:
        if not may_ask:
            raise HooksNeeded
        data = _told(request, terms)
        questions = [
            (rule, hook_message(rule, GuardStage.BEFORE, data, message_id=f"guard_{uuid4().hex}")) for rule in hooks
        ]
        for rule, answer in zip(hooks, hooks_ask(owner.tenant_id, questions), strict=True):
            if not answer.allows:
                _refuse(rule, answer.reason)
    return [str(rule.row.id) for rule in own if rule.is_hook(GuardStage.AFTER)]


def _refuse(rule: Rule, reason: str) -> None:
    refusal_note(rule, GuardStage.BEFORE)
    raise GuardRefused(
        refusal_text(rule, reason, noun="request"),
        rule_id=rule.public_id,
        rule_type=GuardRuleType(rule.row.type).value,
        reason=reason,
    )


def _quote(spec: JobSpec, parsed: GenerationRequest, owner: JobOwner, terms: JobTerms) -> Quote:
    with tenant_context(owner.tenant_id):
        return generation_quote(
            spec,
            tenant_id=owner.tenant_id,
            livemode=owner.livemode,
            tier=terms.tier,
            covered=True,
            variants=parsed.variants,
        )


def _told(request: _Request, terms: JobTerms) -> dict[str, Any]:
    """Returns what a hook is told of a request: all but bytes."""
    owner, resolution, parsed = request.owner, request.spec.resolution, request.parsed
    return {
        "request": {
            "model": parsed.model.id,
            "livemode": owner.livemode,
            "api_key_id": ids.encode(ids.API_KEY, owner.api_key_id),
            "member_id": ids.encode(ids.USER, owner.member_id) if owner.member_id else None,
            "batch_id": ids.encode(ids.BATCH, terms.item[0]) if terms.item else None,
            "n": parsed.variants,
            "image_size": resolution.image_size if resolution else None,
            "aspect_ratio": resolution.aspect_ratio if resolution else None,
            "texts": request.texts,
            "metadata": dict(parsed.metadata),
            "body": request_canonical(parsed, request.inputs.file_ids()),
        },
        "quote": request.quote.as_json() if request.quote else None,
    }
