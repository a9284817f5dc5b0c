"""How far a tenant has come: its first picture, its first key, the first call of a program of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ApiKey, Membership, Role
from accounts.policy.selectors import policy_accepted
from billing.ledger.services import available
from billing.wallets.selectors import wallet_of
from cavendish.above.console.pictures.shapes import SightPicture
from cavendish.above.console.pictures.sight import picture_of
from cavendish.above.console.workplace import Workplace
from cavendish.db import ids
from generations.models import TERMINAL, Generation, Output, Status
from generations.show.prompts import prompts_of

MAX_PROMPT_CHARS = 200
FEW = 5
"""Generations up to which a tenant that has called nothing itself is still reminded of it."""
TO_ASK = (Role.OWNER, Role.ADMIN, Role.DEVELOPER)
MOST_TO_ASK = 3


@dataclass(frozen=True)
class Made:
    """A generation as the steps show it. `picture` is None until it has succeeded."""

    public_id: str
    status: str
    livemode: bool
    prompt: str
    picture: SightPicture | None

    @property
    def pending(self) -> bool:
        return self.status not in TERMINAL


@dataclass(frozen=True)
class Progress:
    """The first picture, a key that is not the console's, and the first job of one; each None until it is there."""

    picture: Made | None
    key: ApiKey | None
    call: Made | None

    @property
    def has_picture(self) -> bool:
        return self.picture is not None and self.picture.picture is not None

    @property
    def has_call(self) -> bool:
        return self.call is not None and self.call.picture is not None

    @property
    def step(self) -> int:
        """The number of the step that is next; 4 when all are done."""
        return 1 if not self.has_picture else 2 if self.key is None else 3 if not self.has_call else 4

    @property
    def state(self) -> str:
        """A word that changes with what the page shows by itself."""
        return "-".join(
            f"{made.public_id[-6:]}.{made.status}" if made else "none" for made in (self.picture, self.call)
        )

    @property
    def waits(self) -> bool:
        """Whether something may come without a click: a picture that is being made, a call of a program."""
        return (self.picture is not None and self.picture.pending) or (self.key is not None and not self.has_call)


@dataclass(frozen=True)
class Live:
    """What lets live jobs run: the accepted policy, money, and a tenant that is not suspended."""

    accepted: bool
    funded: bool
    active: bool

    @property
    def ready(self) -> bool:
        return self.accepted and self.funded and self.active


def progress_of(work: Workplace) -> Progress:
    """Returns how far the tenant is, in both modes. Opens the tenant's context."""
    with work.reading():
        own = list(ApiKey.objects.filter(tenant_id=work.tenant_id, is_console=False).values_list("id", flat=True))
        usable = ApiKey.objects.filter(tenant_id=work.tenant_id, is_console=False, revoked_at=None)
        picture = _first(work, None)
        called = _first(work, own) if own else None
        return Progress(_made(picture), usable.order_by("-id").first(), _made(called))


def live_of(work: Workplace) -> Live:
    """Returns what the tenant's live mode lacks. Opens the tenant's context."""
    tenant = work.tenant
    with work.reading():
        wallet = wallet_of(tenant_id=work.tenant_id, livemode=True)
        funded = wallet is not None and available(wallet) > 0
    return Live(policy_accepted(tenant.policy_version), funded, tenant.status == "active")


def made_nothing(work: Workplace) -> bool:
    """Returns whether nothing was ever made in the tenant, in either mode. Opens the tenant's context."""
    with work.reading():
        return not _listed(work).exists()


def still_begins(work: Workplace) -> bool:
    """Returns whether a tenant has made little, and nothing by a program of its own. Opens the tenant's context."""
    with work.reading():
        keys = list(_listed(work).values_list("api_key_id", flat=True)[: FEW + 1])
        if len(keys) > FEW:
            return False
        return not ApiKey.objects.filter(tenant_id=work.tenant_id, id__in=keys, is_console=False).exists()


def people_to_ask(work: Workplace) -> list[str]:
    """Returns who may make pictures and keys, owners first. Opens the tenant's context."""
    with work.reading():
        rows = Membership.objects.filter(tenant_id=work.tenant_id, role__in=TO_ASK, user__is_active=True)
        people = sorted(rows.select_related("user"), key=lambda row: (TO_ASK.index(Role(row.role)), row.created_at))
    return [row.user.name or row.user.email for row in people[:MOST_TO_ASK]]


def _listed(work: Workplace) -> QuerySet[Generation]:
    # Both modes are named, so that the index of the lists serves.
    rows: QuerySet[Generation] = Generation.objects.filter(
        tenant_id=work.tenant_id, livemode__in=(True, False), deleted_at=None
    )
    return rows


def _first(work: Workplace, key_ids: Collection[UUID] | None) -> Generation | None:
    """Returns the first that succeeded, else the newest; in this mode, else in the other."""
    for livemode in (work.livemode, not work.livemode):
        rows = Generation.objects.filter(tenant_id=work.tenant_id, livemode=livemode, deleted_at=None)
        if key_ids is not None:
            rows = rows.filter(api_key_id__in=key_ids)
        found: Generation | None = rows.filter(status=Status.SUCCEEDED).order_by("id").first()
        found = found or rows.order_by("-id").first()
        if found is not None:
            return found
    return None


def _made(row: Generation | None) -> Made | None:
    if row is None:
        return None
    output = Output.objects.filter(generation_id=row.id, part=Output.Part.OUTPUT).order_by("index").first()
    picture = picture_of(output, row.model, downloads=False) if output is not None else None
    prompt = prompts_of([row.id], most=MAX_PROMPT_CHARS).get(row.id, "")
    return Made(ids.encode(ids.GENERATION, row.id), row.status, row.livemode, prompt, picture)
