"""Usage: what was spent, by whom, against which budget."""
