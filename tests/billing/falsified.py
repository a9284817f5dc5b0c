"""What somebody may have done to the books, and the checks that name it."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


OF = "WHERE tenant_id = %(tenant)s"
ENDED = f"generation_id IN (SELECT generation_id FROM billing_charge {OF} AND amount > 0)"
PLANTS: dict[str, tuple[Any, ...]] = {
    "a charge too high": (
        {"charges_usage", "charges_lines", "charges_ledger", "holds", "rollups_charges"},
        f"UPDATE billing_charge SET amount = amount + 0.000000001 {OF} AND amount > 0",
    ),
    "a cost too high": (
        {"charges_usage", "rollups_charges"},
        f"UPDATE billing_charge SET cost = cost + 0.000000001 {OF} AND amount > 0",
    ),
    "a line too low": (
        {"charges_lines"},
        f"UPDATE billing_charge SET lines = jsonb_set(lines, '{{0,amount}}', '\"0\"') {OF} AND amount > 0",
    ),
    "a record lost": (
        {"charges_usage", "rollups", "rollups_hours"},
        f"DELETE FROM billing_usagerecord {OF} AND kind = 'image_output'",
    ),
    "a record's price": (
        {"charges_usage", "rollups"},
        f"UPDATE billing_usagerecord SET unit_price = unit_price + 0.01 {OF} AND kind = 'image_output'",
    ),
    "a charge's usage": (
        {"charges_usage"},
        f"UPDATE billing_charge SET usage = jsonb_set(usage, '{{output,image}}', '1119') {OF} AND amount > 0",
    ),
    "a line's quantity": (
        {"charges_lines"},
        f"UPDATE billing_charge SET lines = jsonb_set(lines, '{{1,quantity}}', '1119') {OF} AND amount > 0",
    ),
    "a line that is no number": (
        {"charges_lines"},
        f"""UPDATE billing_charge SET lines = jsonb_set(lines, '{{0,unit_price}}', '"much"') {OF} AND amount > 0""",
    ),
    "a line whose number has no end": (
        {"charges_lines"},
        f"""UPDATE billing_charge SET lines = jsonb_set(lines, '{{0,quantity}}', to_jsonb(repeat('9', 200000)))
            {OF} AND amount > 0""",
    ),
    "what was absorbed": (
        {"charges_lines"},
        f"UPDATE billing_charge SET absorbed = absorbed + 0.01 {OF} AND amount > 0",
    ),
    "a roll-up of another hour": (
        {"rollups_hours"},
        f"UPDATE billing_usagerollup SET hour = hour - interval '1 hour' {OF} AND kind = 'image_output'",
    ),
    "a hold that was larger": ({"holds"}, f"UPDATE billing_hold SET amount = amount + 1 {OF} AND status = 'settled'"),
    "a record of another model": (
        {"rollups", "jobs_usage"},
        f"UPDATE billing_usagerecord SET model = 'gemini-other' {OF} AND kind = 'image_output'",
    ),
    "a record in the default partition": (
        {"partitions", "charges_usage", "rollups", "rollups_hours"},
        f"UPDATE billing_usagerecord SET billing_date = '2081-01-01' {OF} AND kind = 'text_input'",
    ),
    "a picture too many rolled up": (
        {"rollups"},
        f"UPDATE billing_usagerollup SET images = images + 1 {OF} AND kind = 'image_output'",
    ),
    "a token too many rolled up": (
        {"rollups", "rollups_hours"},
        f"UPDATE billing_usagerollup SET quantity = quantity + 1 {OF} AND kind = 'text_input'",
    ),
    "a generation not counted": (
        {"rollups_charges", "rollups_hours", "platform_days"},
        f"UPDATE billing_usagerollup SET quantity = quantity - 1 {OF} AND kind = 'request' AND quantity > 0",
    ),
    "a tag that has more than the whole": (
        {"rollups_metadata"},
        f"UPDATE billing_usagetagrollup SET amount = amount * 2 + 1 {OF} AND kind = 'image_output'",
    ),
    "an operator's day above its roll-ups": (
        {"platform_days", "platform_sums"},
        f"UPDATE billing_platformday SET amount = amount + 1 {OF}",
    ),
    "an operator's day that was forgotten": (
        {"platform_days", "platform_sums"},
        f"INSERT INTO billing_platformday SELECT billing_date - 30, livemode, tenant_id, model, 1, 1, 0, 1, 1, now() "
        f"FROM billing_platformday {OF}",
    ),
    "a charge not in the ledger": (
        {"charges_ledger", "wallets"},
        f"DELETE FROM billing_ledgerentry WHERE transaction_id IN "
        f"(SELECT id FROM billing_ledgertransaction {OF} AND {ENDED})",
        f"DELETE FROM billing_ledgertransaction {OF} AND {ENDED}",
    ),
    "an entry of the ledger changed": (
        {"charges_ledger", "ledger_balance"},
        f"UPDATE billing_ledgerentry SET amount = amount + 1 {OF} AND account = 'revenue'",
    ),
    "a balance changed": ({"wallets"}, f"UPDATE billing_wallet SET balance = balance - 1 {OF} AND livemode"),
    "a hold forgotten on the wallet": ({"wallets"}, f"UPDATE billing_wallet SET held = held + 1 {OF} AND livemode"),
    "a hold of an ended job still open": (
        {"holds", "wallets", "jobs_charges", "budgets", "allowances"},
        f"UPDATE billing_hold SET status = 'held' {OF} AND status = 'settled'",
    ),
    "a credit that is worth more": (
        {"credits"},
        f"UPDATE billing_credit SET remaining = remaining - 0.000000001 {OF}",
    ),
    "a refund above its charge": (
        {"refunds", "wallets"},
        f"UPDATE billing_ledgerentry SET amount = amount * 1000 {OF} "
        f"AND transaction_id IN (SELECT id FROM billing_ledgertransaction {OF} AND kind = 'refund')",
    ),
    "more of a top-up taken back than came": (
        {"reversals", "wallets"},
        f"UPDATE billing_ledgerentry SET amount = amount * 1000 {OF} "
        f"AND transaction_id IN (SELECT id FROM billing_ledgertransaction {OF} AND kind = 'reversal')",
    ),
    "a month of pictures that lost count": ({"allowances"}, f"UPDATE billing_allowance SET used = used + 1 {OF}"),
    "a budget that lost count": ({"budgets"}, f"UPDATE billing_budgetperiod SET used = used + 1 {OF}"),
    "a budget that holds for ever": ({"budgets"}, f"UPDATE billing_budgetperiod SET held = held + 1 {OF}"),
    "a charge in a closed month": (
        {"periods"},
        f"UPDATE billing_billingperiod SET closed_at = now() - interval '1 year' {OF}",
    ),
    "an ended job that never was charged": (
        {"jobs_charges"},
        f"UPDATE generations_generation SET status = 'failed' {OF} AND status = 'queued'",
    ),
    "a batch that lost count": ({"batches"}, f"UPDATE generations_batch SET fed = fed + 1 {OF}"),
    "a lost count of what is stored": ({"storage"}, f"UPDATE accounts_storageuse SET bytes = bytes + 1 {OF}"),
}  # fmt: skip


UNDO = {
    "a hold of an ended job still open": f"UPDATE billing_hold SET status = 'settled' {OF} AND {ENDED}",
    "an ended job that never was charged": (
        f"UPDATE generations_generation SET status = 'queued' {OF} AND status = 'failed'"
    ),
    "a batch that lost count": f"UPDATE generations_batch SET fed = fed - 1 {OF}",
}
"""What other tests' sweeps would stumble over."""
