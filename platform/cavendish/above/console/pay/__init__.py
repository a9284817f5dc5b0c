"""The page of an invoice's payment link, for whoever has it; and how a payer is led to the provider."""
