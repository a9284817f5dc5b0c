"""The double-entry ledger, which is append-only."""
