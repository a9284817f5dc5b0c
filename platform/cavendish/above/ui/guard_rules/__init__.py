"""Guard rules on pages: forms by type, and how a rule reads."""
