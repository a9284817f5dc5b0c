"""What leaves the books as a file: ledger, journal, statements, lists of invoices and payments, usage in FOCUS."""
