"""Guard rules: what requests may not ask for."""
