"""Credit notes, which correct issued invoices."""
