"""The front page's lists as lines of words: what needs a decision, and how the platform is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cavendish.above.admin.home.selectors import FrontPage
from cavendish.above.admin.home.selectors.decisions import FlaggedCharge, Trouble, WaitingInvoice
from cavendish.above.admin.links import address_of
from cavendish.above.ui import formats
from cavendish.above.ui.formats import ago, count, money, percent, seconds, size
from cavendish.above.ui.labels import label
from cavendish.above.ui.marks import listed, named
from cavendish.boot.clock import machine_now
from cavendish.db import ids

PROVIDER_SILENT = timedelta(minutes=3)
"""It is asked every twenty seconds."""
BACKUP_DUE = timedelta(hours=26)
"""As the alert CavendishBackupIsOld has it."""


@dataclass(frozen=True)
class Line:
    """What waits: whose, how much, in words, and the act that stands beside it."""

    name: str
    address: str
    value: str | SafeString
    text: str
    act: str
    act_address: str
    is_act: bool = False


def flagged(row: FlaggedCharge) -> Line:
    tenant = address_of(ids.TENANT, row.tenant_id)
    resolve = f"{reverse('admin:charges')}{ids.encode(ids.GENERATION, row.generation_id)}/resolve/"
    value = money(row.absorbed, row.currency, digits=4)
    return Line(row.tenant, tenant, value, label(row.why), _("Resolve"), resolve, is_act=True)


def trouble(row: Trouble) -> Line:
    tenant = address_of(ids.TENANT, row.tenant_id)
    jobs = reverse("admin:jobs")
    match row.kind:
        case "tenant_failing":
            why = error_name(row.error_code, row.upstream_status)
            text = ngettext("%(n)s job failed: %(why)s", "%(n)s jobs failed: %(why)s", row.count) % {
                "n": count(row.count), "why": why,
            }  # fmt: skip
            slug_jobs = f"{jobs}?tenant={ids.encode(ids.TENANT, row.tenant_id)}&status=failed"
            since = _("since %s") % f"{timezone.localtime(row.since):%H:%M}"
            return Line(row.tenant, tenant, since, text, _("See jobs"), slug_jobs)
        case "batch_stalled":
            text = _("Batch stands at %(ended)s of %(all)s") % {"ended": count(row.count), "all": count(row.total)}
            if row.reason == "no_room":
                text = _("Batch waits for money at %(ended)s of %(all)s") % {
                    "ended": count(row.count), "all": count(row.total),
                }  # fmt: skip
            return Line(row.tenant, tenant, _passed(row), text, _("Open"), address_of(ids.BATCH, row.subject_id))
        case "webhook_off":
            text = (
                _("Webhook off: the receiver answered 410")
                if row.reason == "gone"
                else _("Webhook off: it failed for days")
            )
            return Line(
                row.tenant, tenant, _passed(row), text, _("Open"), address_of(ids.WEBHOOK_ENDPOINT, row.subject_id)
            )
        case "webhook_failing":
            text = ngettext("Webhook fails, %s delivery waits", "Webhook fails, %s deliveries wait", row.count) % count(
                row.count
            )
            return Line(
                row.tenant, tenant, _passed(row), text, _("Open"), address_of(ids.WEBHOOK_ENDPOINT, row.subject_id)
            )
        case _kind:
            text = _("A job runs past its deadline")
            return Line(row.tenant, tenant, _passed(row), text, _("Open"), address_of(ids.GENERATION, row.subject_id))


def waiting(row: WaitingInvoice) -> Line:
    tenant = address_of(ids.TENANT, row.tenant_id)
    number = row.number or _("Draft")
    if row.kind == "overdue":
        due = ngettext("due %s day ago", "due %s days ago", row.days) % row.days
        text = f"{number} · {due}"
    else:
        text = _("Draft, past its grace")
    return Line(
        row.tenant, tenant, money(row.amount, row.currency), text, _("Open"), address_of(ids.INVOICE, row.invoice_id)
    )


def _passed(row: Trouble) -> str:
    return seconds(max((timezone.now() - row.since).total_seconds(), 0))


def error_name(code: str, status: int | None) -> str:
    """Returns an error code in words, with the upstream's status: "overloaded upstream, 503"."""
    names = {
        "upstream_unavailable": _("upstream unavailable"),
        "upstream_rate_limited": _("upstream rate limit"),
        "rate_limited": _("rate limit"),
        "content_blocked": _("blocked for safety"),
        "safety": _("blocked for safety"),
        "deadline_exceeded": _("deadline passed"),
        "no_image": _("no picture came"),
    }
    name = names.get(code) or label(code.replace("_", " "))
    return _("%(name)s, %(status)s") % {"name": name, "status": status} if status else name


@dataclass(frozen=True)
class Part:
    """A part of the platform: where its page is, how it is, and a fact."""

    name: str
    address: str
    tone: str
    word: str
    fact: str | SafeString
    is_machine: bool = True


def platform(page: FrontPage) -> list[Part]:
    """Returns how each part of the platform is."""
    return [
        _workers(page), _keys(page), _webhooks(page), _budgets(page), _batches(page), _sweeper(page), _reconcile(page),
        _backup(page), _storage(page), *_provider(page),
    ]  # fmt: skip


def _workers(page: FrontPage) -> Part:
    workers = page.workers
    all_well = workers.well == len(workers.workers) and workers.well > 0
    word = _("%(well)s of %(all)s well") % {"well": workers.well, "all": len(workers.workers)}
    fact = _("%(running)s of %(slots)s slots") % {"running": count(workers.running), "slots": count(workers.slots)}
    return Part(_("Workers"), _page("workers"), "good" if all_well else "bad", word, fact)


def _keys(page: FrontPage) -> Part:
    keys, cooling = page.upstream_keys.keys, page.upstream_keys.cooling
    if not keys:
        return Part(_("Upstream keys"), _page("upstream_keys"), "off", _("Sandbox"), _("no key is set"))
    if not cooling:
        word = ngettext("%s well", "%s well", len(keys)) % len(keys)
        return Part(_("Upstream keys"), _page("upstream_keys"), "good", word, "")
    word = _("%(cooling)s of %(all)s cooling") % {"cooling": len(cooling), "all": len(keys)}
    first = cooling[0]
    left = max((first.until - page.at).total_seconds(), 0) if first.until else 0
    fact = _("%(status)s, %(left)s more") % {"status": first.last_status or "–", "left": seconds(left)}
    tone = "bad" if len(cooling) == len(keys) or first.state == "refused" else "waiting"
    return Part(_("Upstream keys"), _page("upstream_keys"), tone, word, fact)


def _webhooks(page: FrontPage) -> Part:
    webhooks, address = page.webhooks, reverse("admin:webhooks")
    if webhooks.share is None:
        return Part(_("Webhooks"), address, "off", _("None sent"), _("in 24 h"))
    tone = "good" if webhooks.share >= 0.99 and not webhooks.off else "bad" if webhooks.share < 0.9 else "waiting"
    fact = _("%(sent)s sent, %(off)s off") % {"sent": count(webhooks.succeeded), "off": webhooks.off}
    return Part(_("Webhooks"), address, tone, percent(webhooks.share, digits=1), fact)


def _budgets(page: FrontPage) -> Part:
    budgets, address = page.budgets, reverse("admin:tenants")
    if page.unusual:
        word = ngettext("%s tenant spends unusually", "%s tenants spend unusually", page.unusual) % count(page.unusual)
        fact = ngettext("%s budget above 90 %%", "%s budgets above 90 %%", budgets.count) % budgets.count
        return Part(_("Budgets"), f"{address}?spend=unusual", "waiting", word, fact, is_machine=False)
    if not budgets.count:
        return Part(_("Budgets"), address, "good", _("None near its end"), "", is_machine=False)
    first = budgets.first[0]
    word = ngettext("%s above 90 %%", "%s above 90 %%", budgets.count) % budgets.count
    fact = first.tenant
    if first.full_at is not None:
        fact = _("%(tenant)s, full on %(day)s") % {
            "tenant": first.tenant, "day": formats.day(timezone.localdate(first.full_at)),
        }  # fmt: skip
    return Part(_("Budgets"), address_of(ids.TENANT, first.tenant_id), "bad", word, fact, is_machine=False)


def _batches(page: FrontPage) -> Part:
    fact = ngettext("%s running", "%s running", page.batches.active) % count(page.batches.active)
    if page.below_cost:
        word = ngettext("%s price below cost", "%s prices below cost", page.below_cost) % page.below_cost
        return Part(_("Prices and batches"), _page("below_cost"), "bad", word, fact, is_machine=False)
    return Part(_("Prices and batches"), _page("below_cost"), "good", _("None below cost"), fact, is_machine=False)


def _sweeper(page: FrontPage) -> Part:
    repairs = page.sweeper.repairs
    tone = "bad" if page.sweeper.broken else "good" if repairs < 10 else "waiting"
    word = ngettext("%s repair", "%s repairs", repairs) % count(repairs)
    return Part(_("Sweeper"), _page("background"), tone, word, _("in 24 h"))


def _reconcile(page: FrontPage) -> Part:
    last = page.reconcile
    if last is None:
        return Part(_("Reconcile"), _page("reconcile"), "waiting", _("Never run"), "")
    if last.is_clean:
        return Part(_("Reconcile"), _page("reconcile"), "good", _("No difference"), ago(last.ended_at))
    word = ngettext("%s difference", "%s differences", last.differing) % count(last.differing)
    return Part(_("Reconcile"), _page("reconcile"), "bad", word, ago(last.ended_at))


def _backup(page: FrontPage) -> Part:
    """Returns how old the last backup is. Who copies the database in another way sees that this one was never made."""
    name, address, last = _("Backup"), _page("background"), page.backed_up_at
    if last is None:
        return Part(name, address, "waiting", _("Never made"), "", is_machine=False)
    tone = "good" if machine_now() - last < BACKUP_DUE else "bad"
    return Part(name, address, tone, ago(last), _("one a day"), is_machine=False)


def _storage(page: FrontPage) -> Part:
    growth = page.storage.growth
    fact = "" if growth is None else _("%s in 24 h") % f"{'+' if growth >= 0 else ''}{size(growth)}"
    return Part(_("Storage"), _page("storage"), "good", size(page.storage.bytes), fact)


def _provider(page: FrontPage) -> list[Part]:
    """Returns how the payment provider is; nothing where there is none."""
    provider = page.provider
    if provider is None:
        return []
    name, address = _("Payment provider"), reverse("admin:provider_events")
    fact = _with(_("last event %s"), ago(provider.told_at)) if provider.told_at else _("no event yet")
    if provider.answered_at is None or machine_now() - provider.answered_at > PROVIDER_SILENT:
        silent = _with(_("Last answer %s"), ago(provider.answered_at)) if provider.answered_at else _("Silent")
        return [Part(name, address, "bad", silent, fact)]
    if provider.unbooked:
        word = ngettext("%s not booked", "%s not booked", provider.unbooked) % count(provider.unbooked)
        return [Part(name, address, "waiting", word, fact)]
    return [Part(name, address, "good", _("All booked"), fact)]


def _with(text: str, time: str) -> SafeString:
    """Returns a text with a time in it, whose markup says the exact one."""
    return format_html(text.replace("%s", "{}"), time)


def _page(name: str) -> str:
    return reverse(f"admin:{name}")


def needs(page: FrontPage) -> list[dict[str, Any]]:
    """Returns the three sums above all: how many, of what, and the worst of it in words."""
    absorbed = listed(money(amount, currency, digits=4) for currency, amount in page.flagged.absorbed.items())
    oldest = page.flagged.oldest_at
    charges = _("%(amount)s absorbed, oldest %(age)s") % {
        "amount": absorbed or money(Decimal(0), "USD"),
        "age": seconds((page.at - oldest).total_seconds()) if oldest else "–",
    }  # fmt: skip
    first = trouble(page.troubles.first[0]) if page.troubles.first else None
    overdue = listed(money(amount, currency) for currency, amount in page.invoices.overdue.items())
    return [
        {
            "count": page.flagged.count,
            "anchor": "#flagged",
            "word": ngettext("charge flagged", "charges flagged", page.flagged.count),
            "text": charges if page.flagged.count else _("Nothing to decide"),
        },
        {
            "count": page.troubles.count,
            "anchor": "#failing",
            "word": _("failing or stuck"),
            "text": named(first.name, first.text) if first else _("Nothing fails or stands still"),
        },
        {
            "count": page.invoices.count,
            "anchor": "#waiting",
            "word": _("invoices and payments"),
            "text": _("%s overdue") % overdue if overdue else _("Nothing waits"),
        },
    ]
