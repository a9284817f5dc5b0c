"""The rules in force for a tenant, as a process last read them.

A tenant of which no rules are known counts as one without, which costs no query: `generation_submit` (SQL) compares
`Rules.state` with what is in force, in the transaction of the hold, and whoever judged by other rules judges again. Of
known rules it is asked first whether they are still those: nothing goes to a hook that is gone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.roles.checks import image_sizes
from accounts.webhooks.signing import keys_unseal
from billing.fields import decimal_text
from cavendish.db import ids
from cavendish.db.call import call
from cavendish.db.tenancy import tenant_context
from generations.guard.languages import MAX_FOREIGN, foreign_share
from generations.guard.words import WordList
from generations.models import GuardRule, GuardRuleType, GuardStage, PlatformGuardRule
from generations.models.guard_rule import GuardRuleFields

MAX_KNOWN = 10_000


@dataclass(frozen=True)
class Judged:
    """What of a request the rules without a hook judge. `amount` is its worst case, of all its variants together."""

    texts: Sequence[str]
    image_size: str
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Rule:
    """A rule as requests are judged by it."""

    row: GuardRuleFields
    words: WordList

    @classmethod
    def of(cls, row: GuardRuleFields) -> Rule:
        return cls(row, WordList.of(row.words))

    @property
    def public_id(self) -> str:
        return ids.encode(ids.GUARD_RULE, self.row.id)

    @property
    def is_operators(self) -> bool:
        """Whether the operator made it."""
        return not isinstance(self.row, GuardRule) or self.row.set_by_operator

    def holds_for(self, *, api_key_id: UUID, livemode: bool) -> bool:
        key_id = self.row.api_key_id if isinstance(self.row, GuardRule) else None
        return self.row.livemode in (None, livemode) and key_id in (None, api_key_id)

    def is_hook(self, stage: GuardStage) -> bool:
        return self.row.type == GuardRuleType.HOOK and stage in self.row.stages

    def refusal(self, judged: Judged) -> str | None:
        """Returns why a rule without a hook refuses; None where it does not."""
        match self.row.type:
            case GuardRuleType.WORDS:
                word = next(filter(None, map(self.words.find, judged.texts)), None)
                return None if word is None else f'the word "{word}" is not allowed'
            case GuardRuleType.LANGUAGES:
                if foreign_share("\n".join(judged.texts), self.row.languages) > MAX_FOREIGN:
                    return f"the prompt must be in one of: {', '.join(self.row.languages)}"
            case GuardRuleType.LIMITS:
                return self._limit_refusal(judged)
        return None

    def signing_keys(self) -> list[str]:
        """Returns the secrets that sign a request to the hook, the newest first."""
        return keys_unseal(
            secret=self.row.secret,
            previous=self.row.previous_secret,
            previous_expires_at=self.row.previous_expires_at,
            at=timezone.now(),
        )

    def _limit_refusal(self, judged: Judged) -> str | None:
        most, amount = self.row.max_image_size, self.row.max_amount
        if most and judged.image_size and _rank(judged.image_size, beyond=True) > _rank(most, beyond=False):
            return f"pictures may be {most} at most, and this request makes {judged.image_size}"
        if amount is not None and judged.amount > amount:
            limit, cost = decimal_text(amount), decimal_text(judged.amount)
            return f"a request may cost {limit} {judged.currency} at most, and this one may cost {cost}"
        return None


@dataclass(frozen=True)
class Rules:
    """The enabled rules on a tenant's requests, in their turn. `state` tells one reading from another."""

    state: str
    rules: tuple[Rule, ...]


NO_RULES = Rules("", ())
_known: OrderedDict[UUID, Rules] = OrderedDict()
_lock = Lock()


def rules_known(tenant_id: UUID) -> Rules:
    """Returns no rules, without a query, where this process knows of none; else those in force."""
    known = _known.get(tenant_id, NO_RULES)
    if not known.rules:
        return NO_RULES
    with tenant_context(tenant_id):
        state = call("guard_state", tenant_id)
    return known if state == known.state else rules_read(tenant_id)


def rules_read(tenant_id: UUID) -> Rules:
    """Reads the rules and remembers them."""
    with tenant_context(tenant_id):
        rows: list[GuardRuleFields] = list(GuardRule.objects.filter(tenant_id=tenant_id, enabled=True))
        rows += PlatformGuardRule.objects.filter(enabled=True)
    rules = Rules(_state(rows), tuple(sorted(map(Rule.of, rows), key=_turn)))
    with _lock:
        _known[tenant_id] = rules
        _known.move_to_end(tenant_id)
        if len(_known) > MAX_KNOWN:
            _known.popitem(last=False)
    return rules


def _rank(size: str, *, beyond: bool) -> int:
    """Returns the place of a size among all; one that no model makes any more is beyond them, or before them."""
    sizes = image_sizes()
    return sizes.index(size) if size in sizes else len(sizes) if beyond else -1


def _state(rows: Sequence[GuardRuleFields]) -> str:
    """Returns what `guard_state` (SQL) returns for the same rows."""
    if not rows:
        return ""
    revisions = ",".join(str(row.revision) for row in sorted(rows, key=lambda row: row.id))
    return hashlib.sha256(revisions.encode()).hexdigest()


def _turn(rule: Rule) -> tuple[bool, bool, UUID]:
    """The operator's first, and hooks last: whatever another rule refuses never leaves the platform."""
    return rule.row.type == GuardRuleType.HOOK, not rule.is_operators, rule.row.id


def refusal_count(rule: Rule) -> None:
    """Counts a refusal of a rule, for `refusals`, in a transaction of its own."""
    if isinstance(rule.row, GuardRule):
        with tenant_context(rule.row.tenant_id):
            GuardRule.objects.filter(id=rule.row.id).update(refusals=F("refusals") + 1)
    else:
        with transaction.atomic():
            PlatformGuardRule.objects.filter(id=rule.row.id).update(refusals=F("refusals") + 1)
