"""Storage: what is stored by whom, and what is held from deletion."""
