"""Text search over the prompts of a tenant's generations."""
