"""What happens to invoices that are not paid in time, by the terms of their tenant's plan."""
