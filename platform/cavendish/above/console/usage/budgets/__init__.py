"""Budgets: how far each is used, when it is full, who spends it, and the acts on it."""
