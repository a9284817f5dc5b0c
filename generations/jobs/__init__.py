"""Jobs as the operator sees them: what happened, where the time and the money went, and what can be done about it."""
