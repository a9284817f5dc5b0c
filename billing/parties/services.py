"""Who issues invoices and to whom they go: legal entities, billing profiles. What is issued keeps them as they were."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections, transaction
from django.utils import timezone
from PIL import Image, UnidentifiedImageError

from accounts.actor import Actor
from accounts.audit.services import audit_add, changes
from billing.errors import ValuesInvalid
from billing.fields import decimal_text
from billing.models import BillingProfile, CreditNote, Invoice, LegalEntity, TaxCategory
from billing.parties.kept_tax import kept_tax_follow
from cavendish.db.call import call
from cavendish.db.router import current_alias
from cavendish.http.problems import FieldError

MAX_LOGO_BYTES = 100_000
MAX_LOGO_PIXELS = 4_000_000
KEPT_BY = {"tax_rate", "legal_entity", "legal_entity_id", "invoiced"}
"""The columns of a profile that say at which rate the wallet keeps tax back."""


def legal_entity_create(*, actor: Actor, **fields: Any) -> LegalEntity:
    """Adds a company. The first one is the default; a later one that is to be it takes its place."""
    with transaction.atomic(using=current_alias()):
        first = not LegalEntity.objects.select_for_update().exists()
        is_default = fields.pop("is_default", False) or first
        if is_default:
            LegalEntity.objects.filter(is_default=True).update(is_default=False)
        entity = LegalEntity.objects.create(is_default=is_default, **_columns(fields, LegalEntity()))
        audit_add(
            actor=actor,
            action="legal_entity.created",
            tenant_id=None,
            target="legal_entity",
            target_id=entity.id,
            after={"name": entity.name},
        )
    kept_tax_follow()
    return entity


def legal_entity_update(*, legal_entity_id: UUID, actor: Actor, **fields: Any) -> LegalEntity | None:
    """Changes what coming invoices say; issued ones stay. Returns None when there is no such entity.

    Raises ValuesInvalid where another counter would give numbers that were given already.
    """
    with transaction.atomic(using=current_alias()):
        entity = LegalEntity.objects.select_for_update().filter(id=legal_entity_id).first()
        if entity is None:
            return None
        if fields.get("is_default"):
            LegalEntity.objects.filter(is_default=True).exclude(id=entity.id).update(is_default=False)
        fields = _columns(fields, entity)
        before = _values(entity, fields)
        restarts = entity.numbers_restart
        for name, value in fields.items():
            setattr(entity, name, value)
        if entity.numbers_restart != restarts:
            _restart_check(entity)
        if fields:
            entity.save(update_fields=list(fields))
        old, new = changes(before, _values(entity, fields))
        if new:
            audit_add(
                actor=actor,
                action="legal_entity.updated",
                tenant_id=None,
                target="legal_entity",
                target_id=entity.id,
                before=old,
                after=new,
            )
    if {"keeps_tax_back", "is_default"} & set(new):
        kept_tax_follow()
    return entity


def _restart_check(entity: LegalEntity) -> None:
    """Raises ValuesInvalid while a prefix, as it is written today, has numbers of the other counter."""
    today = timezone.now().astimezone(ZoneInfo(entity.timezone)).date()
    for template, issued in (
        (entity.invoice_prefix, Invoice.objects.filter(legal_entity=entity)),
        (entity.credit_note_prefix, CreditNote.objects.filter(legal_entity=entity)),
    ):
        prefix = template.replace("{year}", f"{today:%Y}").replace("{month}", f"{today:%m}")
        if prefix != template and issued.filter(number__startswith=prefix).exists():
            detail = (
                f"There are numbers that begin with {prefix} already, by the other counter. Change it when the year or "
                "month in the prefix has changed and nothing is issued yet, or give another prefix with it."
            )
            raise ValuesInvalid([FieldError("/numbers_restart", "not_supported", detail)])


def billing_profile_update(*, tenant_id: UUID, actor: Actor, **fields: Any) -> BillingProfile:
    """Changes what coming invoices say. In a tenant's context the database takes only what the tenant may write.

    Raises ValuesInvalid where the category of VAT and the rate do not fit.
    """
    with transaction.atomic(using=current_alias()):
        profile = billing_profile_of(tenant_id)
        fields = {name: {} if name == "postal_address" and value is None else value for name, value in fields.items()}
        before = _values(profile, fields)
        for name, value in fields.items():
            setattr(profile, name, value)
        _require_tax_fits(profile, fields)
        profile.updated_at = timezone.now()
        _write(profile, fields)
        old, new = changes(before, _values(profile, fields))
        if new:
            audit_add(
                actor=actor,
                action="billing_profile.updated",
                tenant_id=tenant_id,
                target="billing_profile",
                target_id=tenant_id,
                before=old,
                after=new,
            )
        if KEPT_BY & set(new):
            call("wallet_tax_refresh", tenant_id)
    return profile


def billing_profile_of(tenant_id: UUID) -> BillingProfile:
    """Returns the profile, or the one that a tenant has before anybody wrote it."""
    profile: BillingProfile | None = BillingProfile.objects.filter(tenant_id=tenant_id).first()
    return profile or BillingProfile(tenant_id=tenant_id)


def logo_check(data: bytes) -> bytes:
    """Returns a PNG or JPEG as it is. Raises ValueError for anything else, or for one too large for a letterhead."""
    if len(data) > MAX_LOGO_BYTES:
        raise ValueError(f"A logo has at most {MAX_LOGO_BYTES} bytes.")
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.format not in {"PNG", "JPEG"} or image.width * image.height > MAX_LOGO_PIXELS:
                raise ValueError("A logo is a PNG or a JPEG of at most four million pixels.")
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError):
        raise ValueError("A logo is a PNG or a JPEG.") from None
    return data


def _columns(fields: Mapping[str, Any], entity: LegalEntity) -> dict[str, Any]:
    """Returns the columns of what was written: no address in parts is an empty one, receipts are given from now on."""
    values = dict(fields)
    if "postal_address" in values:
        values["postal_address"] = values["postal_address"] or {}
    if "receipts" in values and values.pop("receipts") != (entity.receipts_from is not None):
        values["receipts_from"] = None if entity.receipts_from else timezone.now()
    return values


def _require_tax_fits(profile: BillingProfile, fields: Mapping[str, Any]) -> None:
    """Raises ValuesInvalid: the standard category has a rate above zero, all others have none or zero."""
    if not profile.tax_category or not {"tax_category", "tax_rate"} & set(fields):
        return
    if (profile.tax_category == TaxCategory.STANDARD) == bool(profile.tax_rate):
        return
    name = "tax_category" if "tax_category" in fields else "tax_rate"
    rate = "none" if profile.tax_rate is None else f"{decimal_text(profile.tax_rate)} %"
    right = "S goes with a rate above zero, every other category with none or zero."
    detail = f"The category {profile.tax_category} does not fit the tax rate, which is {rate}: {right}"
    raise ValuesInvalid([FieldError(f"/{name}", "unknown_value", detail)])


def _values(row: LegalEntity | BillingProfile, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the audit keeps of the fields that change: of a logo only that there is one."""
    return {name: bool(row.logo) if name == "logo" else getattr(row, name) for name in fields}  # type: ignore[union-attr]


def _write(profile: BillingProfile, fields: Mapping[str, Any]) -> None:
    """Writes with statements that name no column which the caller's role may not write."""
    with connections[current_alias()].cursor() as cursor:
        cursor.execute(
            """INSERT INTO billing_billingprofile (tenant_id, name, address, tax_id, reference, emails, tax_label,
                                                   tax_note, payment_terms_days, send_by_email, invoiced)
               VALUES (%s, '', '', '', '', '{}', '', '', 14, true, true) ON CONFLICT (tenant_id) DO NOTHING""",
            [profile.tenant_id],
        )
    BillingProfile.objects.filter(tenant_id=profile.tenant_id).update(**fields, updated_at=profile.updated_at)
